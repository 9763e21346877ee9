package virtualauth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
)

const manageIt, managePreview = ctap2.CommandCredentialManagement, ctap2.CommandCredentialManagementPreview

func hashOf(rpID string) []byte {
	h := sha256.Sum256([]byte(rpID))
	return h[:]
}

// full is a key with a PIN, two passkeys here and one there, and one credential
// that is no passkey.
func full(t *testing.T, change func(*Config)) (platform, *clock) {
	t.Helper()
	time0 := newClock()
	p := key(t, func(c *Config) {
		c.Clock = time0.Now
		if change != nil {
			change(c)
		}
	})
	p.setPIN(pin)
	permission := mc
	if !p.a.cfg.modern() {
		permission = 0
	}
	for _, c := range []struct{ rp, user string }{{rpID, "ada"}, {rpID, "bob"}, {another, "cyd"}, {rpID, ""}} {
		_, _, status := p.create(p.must(pin, permission, ""), func(r *ctap2.MakeCredentialRequest) {
			r.RP = ctap2.RelyingParty{ID: c.rp, Name: "Name of " + c.rp}
			if c.user != "" {
				resident(r)
				r.User = ctap2.User{ID: []byte(c.user), Name: c.user, DisplayName: "The " + c.user}
			}
		})
		if status != ctap2.StatusOK {
			t.Fatal(status)
		}
	}
	return p, time0
}

func TestManagementListsAndDeletes(t *testing.T) {
	for name, c := range map[string]struct {
		command    byte
		permission ctap2.Permission
		other      ctap2.Status // to the other number
		change     func(*Config)
	}{
		"2.1":     {manageIt, cm, ctap2.StatusOK, nil},
		"preview": {managePreview, 0, ctap2.StatusInvalidCommand, func(c *Config) { c.Versions, c.PINProtocols = []string{"FIDO_2_0", "FIDO_2_1_PRE"}, []uint64{1} }},
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := full(t, c.change)
			p.a.cfg.MaxCredentials = 10
			token := p.must(pin, c.permission, "")
			do := func(r ctap2.CredentialManagementRequest) ctap2.CredentialManagementResponse {
				t.Helper()
				answer, status := p.manage(c.command, token, r)
				if status != ctap2.StatusOK {
					t.Fatalf("subcommand %d: %v", r.Subcommand, status)
				}
				return answer
			}
			if m := do(ctap2.CredentialManagementRequest{Subcommand: ctap2.ManagementMetadata}); *m.Stored != 3 || *m.Room != 6 {
				t.Errorf("stored %d, room %d", *m.Stored, *m.Room)
			}
			first := do(ctap2.CredentialManagementRequest{Subcommand: ctap2.ManagementRPsBegin})
			second, status := p.manage(c.command, nil, ctap2.CredentialManagementRequest{Subcommand: ctap2.ManagementRPsNext})
			if status != ctap2.StatusOK || *first.TotalRPs != 2 || first.RP.ID != rpID || first.RP.Name != "Name of "+rpID || !bytes.Equal(first.RPIDHash, hashOf(rpID)) ||
				second.RP.ID != another || second.TotalRPs != nil {
				t.Errorf("%v: %+v, %+v", status, first, second)
			}
			if _, status := p.manage(c.command, nil, ctap2.CredentialManagementRequest{Subcommand: ctap2.ManagementRPsNext}); status != ctap2.StatusNotAllowed {
				t.Errorf("a third relying party: %v", status)
			}
			ada := do(ctap2.CredentialManagementRequest{Subcommand: ctap2.ManagementCredentialsOf, RPIDHash: hashOf(rpID)})
			bob, status := p.manage(c.command, nil, ctap2.CredentialManagementRequest{Subcommand: ctap2.ManagementCredentialsNext})
			if status != ctap2.StatusOK || *ada.TotalCredentials != 2 || ada.User.DisplayName != "The ada" || bob.User.Name != "bob" || ada.Protect != 1 {
				t.Errorf("%v: %+v, %+v", status, ada, bob)
			}
			if _, alg, err := ctap2.ParsePublicKey(ada.PublicKey); err != nil || alg != ctap2.ES256 {
				t.Errorf("public key: %v", err)
			}
			private := p.a.store[0].Key
			do(ctap2.CredentialManagementRequest{Subcommand: ctap2.ManagementDelete, Credential: ada.Credential})
			if !bytes.Equal(private, make([]byte, len(private))) {
				t.Error("the key is still in memory")
			}
			plain := p.a.Credentials()[2]
			if _, status := p.manage(c.command, token, ctap2.CredentialManagementRequest{Subcommand: ctap2.ManagementDelete,
				Credential: &allow(plain.ID)[0]}); plain.Discoverable || status != ctap2.StatusNoCredentials {
				t.Errorf("deleting what is no passkey: %v", status)
			}
			if _, status := p.manage(c.command, token, ctap2.CredentialManagementRequest{Subcommand: ctap2.ManagementDelete, Credential: ada.Credential}); status != ctap2.StatusNoCredentials {
				t.Errorf("deleted twice: %v", status)
			}
			if m := do(ctap2.CredentialManagementRequest{Subcommand: ctap2.ManagementMetadata}); *m.Stored != 2 || len(p.a.Credentials()) != 3 {
				t.Errorf("stored %d after deleting one", *m.Stored)
			}
			other := do(ctap2.CredentialManagementRequest{Subcommand: ctap2.ManagementCredentialsOf, RPIDHash: hashOf(another)})
			if string(other.User.ID) != "cyd" {
				t.Errorf("%+v", other.User)
			}
			if _, status := p.manage(c.command^manageIt^managePreview, token, ctap2.CredentialManagementRequest{Subcommand: ctap2.ManagementMetadata}); status != c.other {
				t.Errorf("under the other number: %v", status)
			}
		})
	}
}

func TestManagementRenames(t *testing.T) {
	p, _ := full(t, nil)
	token := p.must(pin, cm, "")
	cred := p.a.Credentials()[0]
	change := func(id []byte, u ctap2.User) ctap2.Status {
		_, status := p.manage(manageIt, token, ctap2.CredentialManagementRequest{Subcommand: ctap2.ManagementUpdateUser,
			Credential: &ctap2.PublicKeyCredentialDescriptor{Type: ctap2.PublicKeyType, ID: id}, User: &u})
		return status
	}
	if status := change(cred.ID, ctap2.User{ID: []byte("ada"), Name: "Ada L."}); status != ctap2.StatusOK {
		t.Error(status)
	}
	if got := p.a.Credentials()[0]; got.UserName != "Ada L." || got.UserDisplayName != "" {
		t.Errorf("%+v", got)
	}
	if status := change(cred.ID, ctap2.User{ID: []byte("eve"), Name: "Eve"}); status != ctap2.StatusInvalidParameter {
		t.Errorf("another handle: %v", status)
	}
	if status := change([]byte("?"), ctap2.User{ID: []byte("ada")}); status != ctap2.StatusNoCredentials {
		t.Errorf("another credential: %v", status)
	}
}

func TestManagementThatIsRefused(t *testing.T) {
	p, time0 := full(t, nil)
	of := ctap2.CredentialManagementRequest{Subcommand: ctap2.ManagementCredentialsOf, RPIDHash: hashOf(rpID)}
	all := ctap2.CredentialManagementRequest{Subcommand: ctap2.ManagementRPsBegin}
	for _, c := range []struct {
		name        string
		permissions ctap2.Permission
		rpID        string
		r           ctap2.CredentialManagementRequest
		want        ctap2.Status
	}{
		{"the wrong permission", mc | ga, "", all, ctap2.StatusPINAuthInvalid},
		{"the old way", 0, "", all, ctap2.StatusPINAuthInvalid},
		{"all with a token for one", cm, rpID, all, ctap2.StatusPINAuthInvalid},
		{"metadata with a token for one", cm, rpID, ctap2.CredentialManagementRequest{Subcommand: ctap2.ManagementMetadata}, ctap2.StatusPINAuthInvalid},
		{"one with a token for it", cm, rpID, of, ctap2.StatusOK},
		{"one with a token for another", cm, another, of, ctap2.StatusPINAuthInvalid},
		{"of whom", cm, "", ctap2.CredentialManagementRequest{Subcommand: ctap2.ManagementCredentialsOf}, ctap2.StatusMissingParameter},
		{"delete what", cm, "", ctap2.CredentialManagementRequest{Subcommand: ctap2.ManagementDelete}, ctap2.StatusMissingParameter},
		{"nobody's", cm, "", ctap2.CredentialManagementRequest{Subcommand: ctap2.ManagementCredentialsOf, RPIDHash: hash}, ctap2.StatusNoCredentials},
		{"unknown subcommand", cm, "", ctap2.CredentialManagementRequest{Subcommand: 0x42}, ctap2.StatusInvalidSubcommand},
	} {
		if _, got := p.manage(manageIt, p.must(pin, c.permissions, c.rpID), c.r); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if _, got := p.manage(manageIt, nil, all); got != ctap2.StatusPUATRequired {
		t.Errorf("without a token: %v", got)
	}
	next := ctap2.CredentialManagementRequest{Subcommand: ctap2.ManagementRPsNext}
	for name, between := range map[string]func(){
		"another command": func() { p.send(ctap2.CommandGetInfo, nil, nil) },
		"U2F":             func() { p.a.APDU(t.Context(), []byte{0, 3, 0, 0}) },
		"half a minute":   func() { time0.forward(nextAssertionTime) },
		"a power cycle":   func() { p.a.PowerCycle() },
	} {
		if _, got := p.manage(manageIt, p.must(pin, cm, ""), all); got != ctap2.StatusOK {
			t.Fatal(got)
		}
		between()
		if _, got := p.manage(manageIt, nil, next); got != ctap2.StatusNotAllowed {
			t.Errorf("next after %s: %v", name, got)
		}
	}
	none := platform{t, New(Config{ClientPIN: true}), 2}
	if _, got := none.manage(manageIt, nil, all); got != ctap2.StatusInvalidCommand {
		t.Errorf("where there is none: %v", got)
	}
}

func TestReset(t *testing.T) {
	yes := true
	var asked []Op
	p, time0 := full(t, func(c *Config) {
		c.Consent = func(_ context.Context, q Prompt) (Decision, error) {
			asked = append(asked, q.Op)
			return Decision{Approve: yes}, nil
		}
	})
	reset := func() ctap2.Status { _, s := p.send(ctap2.CommandReset, nil, nil); return s }
	asked = nil
	time0.forward(defaultResetWithin + time.Millisecond)
	if got := reset(); got != ctap2.StatusNotAllowed || len(asked) != 0 {
		t.Errorf("too late: %v, asked %v", got, asked)
	}
	p.a.PowerCycle()
	time0.forward(defaultResetWithin)
	yes = false
	if got := reset(); got != ctap2.StatusOperationDenied || len(p.a.Credentials()) != 4 || !p.a.pinIsSet() {
		t.Errorf("a no: %v", got)
	}
	yes = true
	secret := p.a.store[0].Key
	if got := reset(); got != ctap2.StatusOK || !slices.Equal(asked, []Op{OpReset, OpReset}) {
		t.Errorf("%v, asked %v", got, asked)
	}
	if len(p.a.Credentials()) != 0 || p.a.pinIsSet() || !bytes.Equal(secret, make([]byte, len(secret))) {
		t.Error("something is left")
	}
	time0.forward(time.Millisecond)
	if got := reset(); got != ctap2.StatusNotAllowed {
		t.Errorf("a reset is no power cycle: %v", got)
	}
	if _, got := p.send(ctap2.CommandReset, []byte{0xa0}, nil); got != ctap2.StatusInvalidLength {
		t.Errorf("with parameters: %v", got)
	}
}

func TestSelection(t *testing.T) {
	yes := true
	var asked []Op
	consent := func(_ context.Context, q Prompt) (Decision, error) {
		asked = append(asked, q.Op)
		return Decision{Approve: yes}, nil
	}
	p := key(t, func(c *Config) { c.Consent = consent })
	dummy := func(r *ctap2.MakeCredentialRequest) { r.PinUvAuthParam, r.PinUvAuthProtocol = []byte{}, 1 }
	look := func(name string, select_, create, get ctap2.Status) {
		t.Helper()
		_, one := p.send(ctap2.CommandSelection, nil, nil)
		_, _, two := p.create(nil, dummy)
		_, _, three := p.get(nil, func(r *ctap2.GetAssertionRequest) { r.PinUvAuthParam = []byte{} })
		if one != select_ || two != create || three != get {
			t.Errorf("%s: %v, %v, %v", name, one, two, three)
		}
	}
	look("no PIN", ctap2.StatusOK, ctap2.StatusPINNotSet, ctap2.StatusPINNotSet)
	if !slices.Equal(asked, []Op{OpSelect, OpSelect, OpSelect}) {
		t.Errorf("asked %v", asked)
	}
	p.setPIN(pin)
	look("PIN", ctap2.StatusOK, ctap2.StatusPINInvalid, ctap2.StatusPINInvalid)
	yes = false
	look("a no", ctap2.StatusOperationDenied, ctap2.StatusOperationDenied, ctap2.StatusOperationDenied)
	if left, _ := p.retries(); left != 8 {
		t.Errorf("a touch cost a try: %d", left)
	}
	plain := platform{t, New(Config{}), 2}
	for _, command := range []byte{ctap2.CommandSelection, ctap2.CommandReset} {
		if _, got := plain.send(command, nil, nil); got != ctap2.StatusInvalidCommand {
			t.Errorf("%#x where there is none: %v", command, got)
		}
	}
}
