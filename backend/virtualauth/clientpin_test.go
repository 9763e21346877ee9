package virtualauth

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctap2/pinuv"
)

const (
	pin     = "2468"
	mc      = ctap2.PermissionMakeCredential
	ga      = ctap2.PermissionGetAssertion
	cm      = ctap2.PermissionCredentialManagement
	another = "another.internal"
)

func TestPINLifeInBothProtocols(t *testing.T) {
	for _, protocol := range []uint64{pinuv.One, pinuv.Two} {
		t.Run(fmt.Sprint(protocol), func(t *testing.T) {
			p := key(t, func(c *Config) { c.MinPINLength = 5 })
			p.protocol = protocol
			step := func(name string, got, want ctap2.Status) {
				t.Helper()
				if got != want {
					t.Errorf("%s: %v, want %v", name, got, want)
				}
			}
			_, none := p.token(pin, mc, rpID)
			step("a token before a PIN", none, ctap2.StatusPINNotSet)
			step("change before a PIN", p.changePIN(pin, "24680"), ctap2.StatusPINNotSet)
			step("too short", p.setPIN("2468"), ctap2.StatusPINPolicyViolation)
			step("five code points of two bytes", p.setPIN("äöüß"), ctap2.StatusPINPolicyViolation)
			step("no UTF-8", p.setPIN("12345\xff"), ctap2.StatusPINPolicyViolation)
			step("set", p.setPIN("24680"), ctap2.StatusOK)
			step("set again", p.setPIN("24680"), ctap2.StatusPINAuthInvalid)
			step("change to a short one", p.changePIN("24680", "1"), ctap2.StatusPINPolicyViolation)
			step("change with the wrong one", p.changePIN("13579", "97531"), ctap2.StatusPINInvalid)
			if left, replug := p.retries(); left != 7 || replug {
				t.Errorf("%d tries left, replug %v", left, replug)
			}
			step("change", p.changePIN("24680", "97531"), ctap2.StatusOK)
			if left, _ := p.retries(); left != 8 {
				t.Errorf("%d tries after the right one", left)
			}
			_, old := p.token("24680", mc, rpID)
			step("the old PIN", old, ctap2.StatusPINInvalid)
			if _, d, status := p.create(p.must("97531", mc, rpID), nil); status != ctap2.StatusOK || d.Flags != ctap2.FlagUP|ctap2.FlagUV|ctap2.FlagAT {
				t.Errorf("create: %v, flags %#x", status, d.Flags)
			}
		})
	}
}

func TestPINIsLockedAndBlocked(t *testing.T) {
	p := key(t, nil)
	p.setPIN(pin)
	wrong := func(want ctap2.Status, left int, replug bool) {
		t.Helper()
		_, status := p.token("1111", mc, rpID)
		if n, again := p.retries(); status != want || n != left || again != replug {
			t.Errorf("%v, %d left, replug %v; want %v, %d, %v", status, n, again, want, left, replug)
		}
	}
	wrong(ctap2.StatusPINInvalid, 7, false)
	wrong(ctap2.StatusPINInvalid, 6, false)
	wrong(ctap2.StatusPINAuthBlocked, 5, true)
	wrong(ctap2.StatusPINAuthBlocked, 5, true)
	if _, status := p.token(pin, mc, rpID); status != ctap2.StatusPINAuthBlocked {
		t.Errorf("the right PIN while locked: %v", status)
	}
	p.a.PowerCycle()
	if left, replug := p.retries(); left != 5 || replug {
		t.Errorf("after a power cycle: %d left, replug %v", left, replug)
	}
	wrong(ctap2.StatusPINInvalid, 4, false)
	wrong(ctap2.StatusPINInvalid, 3, false)
	p.must(pin, mc, rpID) // a right one clears both counts
	for left := 7; left > 0; left -= 2 {
		wrong(ctap2.StatusPINInvalid, left, false)
		p.a.PowerCycle()
		if left > 1 {
			wrong(ctap2.StatusPINInvalid, left-1, false)
			p.a.PowerCycle()
		}
	}
	wrong(ctap2.StatusPINBlocked, 0, false)
	p.a.PowerCycle()
	if _, status := p.token(pin, mc, rpID); status != ctap2.StatusPINBlocked {
		t.Errorf("the right PIN when blocked: %v", status)
	}
	if status := p.changePIN(pin, "9999"); status != ctap2.StatusPINBlocked {
		t.Errorf("a change when blocked: %v", status)
	}
	if _, status := p.send(ctap2.CommandReset, nil, nil); status != ctap2.StatusOK || p.setPIN(pin) != ctap2.StatusOK {
		t.Errorf("a reset does not help: %v", status)
	}
}

// TestAWrongPINChangesTheKey: what was agreed with the key before is worth nothing.
func TestAWrongPINChangesTheKey(t *testing.T) {
	p := key(t, nil)
	p.setPIN(pin)
	s, r := p.agree(ctap2.PINGetTokenWithPINPerms)
	r.Permissions, r.RPID = mc, rpID
	r.PINHashEnc = p.encrypt(s, hashed("0000"))
	if _, status := p.clientPIN(r); status != ctap2.StatusPINInvalid {
		t.Fatal(status)
	}
	r.PINHashEnc = p.encrypt(s, hashed(pin))
	if _, status := p.clientPIN(r); status != ctap2.StatusPINInvalid {
		t.Errorf("the old agreement: %v", status)
	}
}

func TestPINRequestsThatAreRefused(t *testing.T) {
	p := key(t, func(c *Config) { c.PINProtocols = []uint64{2} })
	p.setPIN(pin)
	old := key(t, func(c *Config) { c.Versions = []string{"FIDO_2_0"} })
	s, agreed := p.agree(0)
	of := func(subcommand uint64, change func(*ctap2.ClientPINRequest)) ctap2.ClientPINRequest {
		r := agreed
		r.Subcommand = subcommand
		if change != nil {
			change(&r)
		}
		return r
	}
	with := func(permissions ctap2.Permission) ctap2.ClientPINRequest {
		return of(ctap2.PINGetTokenWithPINPerms, func(r *ctap2.ClientPINRequest) { r.PINHashEnc, r.Permissions = p.encrypt(s, hashed(pin)), permissions })
	}
	for _, c := range []struct {
		name string
		p    platform
		r    ctap2.ClientPINRequest
		want ctap2.Status
	}{
		{"no such subcommand", p, of(0x42, nil), ctap2.StatusInvalidSubcommand},
		{"no built-in UV", p, of(ctap2.PINGetTokenUsingUV, nil), ctap2.StatusInvalidSubcommand},
		{"no UV retries", p, of(ctap2.PINGetUVRetries, nil), ctap2.StatusInvalidSubcommand},
		{"permissions before 2.1", old, with(mc), ctap2.StatusInvalidSubcommand},
		{"no protocol", p, ctap2.ClientPINRequest{Subcommand: ctap2.PINGetKeyAgreement}, ctap2.StatusMissingParameter},
		{"another protocol", p, ctap2.ClientPINRequest{Subcommand: ctap2.PINGetKeyAgreement, Protocol: 1}, ctap2.StatusInvalidParameter},
		{"set without a PIN", p, of(ctap2.PINSet, nil), ctap2.StatusMissingParameter},
		{"change without the old", p, of(ctap2.PINChange, func(r *ctap2.ClientPINRequest) { r.NewPINEnc, r.PinUvAuthParam = hash, hash }), ctap2.StatusMissingParameter},
		{"token without a hash", p, of(ctap2.PINGetToken, nil), ctap2.StatusMissingParameter},
		{"permissions the old way", p, of(ctap2.PINGetToken, func(r *ctap2.ClientPINRequest) { r.PINHashEnc, r.Permissions = hash, mc }), ctap2.StatusInvalidParameter},
		{"a relying party the old way", p, of(ctap2.PINGetToken, func(r *ctap2.ClientPINRequest) { r.PINHashEnc, r.RPID = hash, rpID }), ctap2.StatusInvalidParameter},
		{"no permission", p, with(0), ctap2.StatusMissingParameter},
		{"to enrol fingers", p, with(ctap2.PermissionBioEnrollment), ctap2.StatusUnauthorizedPerm},
		{"to configure", p, with(mc | ctap2.PermissionConfig), ctap2.StatusUnauthorizedPerm},
		{"a key off the curve", p, of(ctap2.PINGetToken, func(r *ctap2.ClientPINRequest) { r.PINHashEnc, r.KeyAgreement = hash, &pinuv.Point{} }), ctap2.StatusInvalidParameter},
		{"a hash that is none", p, of(ctap2.PINGetToken, func(r *ctap2.ClientPINRequest) { r.PINHashEnc = []byte{1} }), ctap2.StatusPINInvalid},
	} {
		if _, got := c.p.clientPIN(c.r); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	fresh := key(t, nil)
	s, r := fresh.agree(ctap2.PINSet)
	r.NewPINEnc = fresh.encrypt(s, padded(pin))
	r.PinUvAuthParam = make([]byte, 32)
	if _, status := fresh.clientPIN(r); status != ctap2.StatusPINAuthInvalid {
		t.Errorf("a PIN that nobody vouches for: %v", status)
	}
	r.NewPINEnc = fresh.encrypt(s, []byte(strings.Repeat("1", 96)))
	r.PinUvAuthParam = s.Authenticate(r.NewPINEnc)
	if _, status := fresh.clientPIN(r); status != ctap2.StatusInvalidParameter {
		t.Errorf("96 bytes of PIN: %v", status)
	}
	r.NewPINEnc = fresh.encrypt(s, []byte(strings.Repeat("1", 64)))
	r.PinUvAuthParam = s.Authenticate(r.NewPINEnc)
	if _, status := fresh.clientPIN(r); status != ctap2.StatusPINPolicyViolation {
		t.Errorf("64 bytes of PIN without an end: %v", status)
	}
	phone := platform{t, New(Android()), 2}
	if _, status := phone.clientPIN(ctap2.ClientPINRequest{Subcommand: ctap2.PINGetRetries}); status != ctap2.StatusInvalidCommand {
		t.Errorf("a phone: %v", status)
	}
}

func TestForcedPINChange(t *testing.T) {
	p := key(t, func(c *Config) { c.ForcePINChange = true })
	p.setPIN(pin)
	if info := p.a.info(); info.ForcePINChange == nil || !*info.ForcePINChange {
		t.Error("getInfo does not tell")
	}
	if _, status := p.token(pin, mc, rpID); status != ctap2.StatusPINPolicyViolation {
		t.Errorf("a token: %v", status)
	}
	if status := p.changePIN(pin, pin); status != ctap2.StatusPINPolicyViolation {
		t.Errorf("the same again: %v", status)
	}
	if status := p.changePIN(pin, "1357"); status != ctap2.StatusOK {
		t.Errorf("another: %v", status)
	}
	p.must("1357", mc, rpID)
}

func TestWhatATokenIsGoodFor(t *testing.T) {
	time0 := newClock()
	p := key(t, func(c *Config) { c.Clock = time0.Now })
	p.setPIN(pin)
	_, d, status := p.create(p.must(pin, mc, rpID), nil)
	if status != ctap2.StatusOK {
		t.Fatal(status)
	}
	named := func(r *ctap2.GetAssertionRequest) { r.AllowList = allow(d.Attested.CredentialID) }
	for _, c := range []struct {
		name        string
		permissions ctap2.Permission // 0: the old way
		rpID        string
		meanwhile   func(token []byte)
		create, get ctap2.Status
	}{
		{"both", mc | ga, rpID, nil, ctap2.StatusOK, ctap2.StatusPINAuthInvalid}, // spent after the first
		{"the old way", 0, "", nil, ctap2.StatusOK, ctap2.StatusPINAuthInvalid},
		{"no relying party yet", mc, "", nil, ctap2.StatusOK, ctap2.StatusPINAuthInvalid},
		{"only to get", ga, rpID, nil, ctap2.StatusPINAuthInvalid, ctap2.StatusOK},
		{"only to manage", cm, "", nil, ctap2.StatusPINAuthInvalid, ctap2.StatusPINAuthInvalid},
		{"for another", mc | ga, another, nil, ctap2.StatusPINAuthInvalid, ctap2.StatusPINAuthInvalid},
		{"in time", mc, rpID, func([]byte) { time0.forward(29 * time.Second) }, ctap2.StatusOK, ctap2.StatusPINAuthInvalid},
		{"too late", mc | ga, rpID, func([]byte) { time0.forward(31 * time.Second) }, ctap2.StatusPINAuthInvalid, ctap2.StatusPINAuthInvalid},
		{"power cycle", mc | ga, rpID, func([]byte) { p.a.PowerCycle() }, ctap2.StatusPINAuthInvalid, ctap2.StatusPINAuthInvalid},
		{"new PIN", mc | ga, rpID, func([]byte) { p.changePIN(pin, pin) }, ctap2.StatusPINAuthInvalid, ctap2.StatusPINAuthInvalid},
		{"newer token", mc | ga, rpID, func([]byte) { p.must(pin, mc, rpID) }, ctap2.StatusPINAuthInvalid, ctap2.StatusPINAuthInvalid},
		{"changed", mc | ga, rpID, func(token []byte) { token[0] ^= 1 }, ctap2.StatusPINAuthInvalid, ctap2.StatusPINAuthInvalid},
	} {
		token := p.must(pin, c.permissions, c.rpID)
		if c.meanwhile != nil {
			c.meanwhile(token)
		}
		if _, _, got := p.create(token, nil); got != c.create {
			t.Errorf("%s: create %v, want %v", c.name, got, c.create)
		}
		if _, d, got := p.get(token, named); got != c.get || got == ctap2.StatusOK && d.Flags != ctap2.FlagUP|ctap2.FlagUV {
			t.Errorf("%s: get %v, flags %#x, want %v", c.name, got, d.Flags, c.get)
		}
	}
	silent := func(r *ctap2.GetAssertionRequest) { named(r); r.Options = map[string]bool{"up": false} }
	token := p.must(pin, ga, rpID)
	for range 2 { // looking does not spend
		if _, d, status := p.get(token, silent); status != ctap2.StatusOK || d.Flags != ctap2.FlagUV {
			t.Errorf("silently: %v, flags %#x", status, d.Flags)
		}
	}
	r := creation(nil)
	r.PinUvAuthParam = pinuv.Authenticate(2, p.must(pin, mc, rpID), r.ClientDataHash)
	for protocol, want := range map[uint64]ctap2.Status{0: ctap2.StatusMissingParameter, 1: ctap2.StatusPINAuthInvalid, 3: ctap2.StatusInvalidParameter} {
		r.PinUvAuthProtocol = protocol
		if _, err := ctap2.MakeCredential(t.Context(), p.a, r, nil); ctap2.StatusOf(err) != want {
			t.Errorf("protocol %d: %v", protocol, err)
		}
	}
}

func TestTokenOfCTAP20(t *testing.T) {
	p := key(t, func(c *Config) { c.Versions, c.PINProtocols = []string{"FIDO_2_0"}, []uint64{1} })
	p.setPIN(pin)
	token := p.must(pin, 0, "")
	for _, rp := range []string{rpID, another} {
		_, d, status := p.create(token, func(r *ctap2.MakeCredentialRequest) { r.RP.ID = rp })
		if status != ctap2.StatusOK || !d.Flags.Has(ctap2.FlagUV) {
			t.Fatalf("create at %s: %v, flags %#x", rp, status, d.Flags)
		}
		if _, _, status := p.get(token, func(r *ctap2.GetAssertionRequest) { r.RPID, r.AllowList = rp, allow(d.Attested.CredentialID) }); status != ctap2.StatusOK {
			t.Errorf("get at %s: %v", rp, status)
		}
	}
	if _, _, status := p.create(nil, nil); status != ctap2.StatusPUATRequired {
		t.Errorf("create without a token: %v", status)
	}
}

func TestBuiltInVerification(t *testing.T) {
	finger, asked := true, []Prompt{}
	p := key(t, func(c *Config) {
		c.BuiltInUV = true
		c.Consent = func(_ context.Context, q Prompt) (Decision, error) {
			asked = append(asked, q)
			return Decision{Approve: true, Verified: finger}, nil
		}
	})
	p.setPIN(pin)
	left := func() uint64 {
		answer, _ := p.clientPIN(ctap2.ClientPINRequest{Subcommand: ctap2.PINGetUVRetries})
		return *answer.UVRetries
	}
	token, status := p.tokenByUV(mc|ga, rpID)
	if status != ctap2.StatusOK || len(asked) != 1 || asked[0].Op != OpVerify || asked[0].RPID != rpID || !asked[0].Verify || asked[0].For != OpCreate {
		t.Fatalf("%v after %+v", status, asked)
	}
	_, d, status := p.create(token, resident)
	if status != ctap2.StatusOK || len(asked) != 1 || !d.Flags.Has(ctap2.FlagUP|ctap2.FlagUV) {
		t.Errorf("the finger was the touch: %v, flags %#x, asked %d times", status, d.Flags, len(asked))
	}
	uv := func(r *ctap2.GetAssertionRequest) { r.Options = map[string]bool{"uv": true} }
	if _, d, status := p.get(nil, uv); status != ctap2.StatusOK || !d.Flags.Has(ctap2.FlagUV) || len(asked) != 2 {
		t.Errorf("uv without a token: %v, flags %#x", status, d.Flags)
	}
	if _, d, status := p.get(nil, nil); status != ctap2.StatusOK || d.Flags.Has(ctap2.FlagUV) {
		t.Errorf("nobody asked for verification: %v, flags %#x", status, d.Flags)
	}
	if _, _, status := p.create(nil, nil); status != ctap2.StatusPUATRequired {
		t.Errorf("create without proof: %v", status)
	}
	finger = false
	p.tokenByUV(ga, rpID)
	finger = true
	if p.tokenByUV(ga, rpID); left() != 3 {
		t.Errorf("%d left after the right finger", left())
	}
	finger = false
	for i, want := range []ctap2.Status{ctap2.StatusUVInvalid, ctap2.StatusUVInvalid, ctap2.StatusUVBlocked} {
		if _, status := p.tokenByUV(ga, rpID); status != want || left() != uint64(2-i) {
			t.Errorf("wrong finger %d: %v, %d left", i+1, status, left())
		}
	}
	finger = true
	before := len(asked)
	if _, status := p.tokenByUV(ga, rpID); status != ctap2.StatusUVBlocked || len(asked) != before {
		t.Errorf("when blocked: %v, asked again: %v", status, len(asked) != before)
	}
	if _, _, status := p.get(nil, uv); status != ctap2.StatusPUATRequired {
		t.Errorf("uv when blocked: %v", status)
	}
	p.must(pin, ga, rpID)
	if left() != 3 {
		t.Errorf("%d left after the right PIN", left())
	}
	if _, status := p.tokenByUV(ga, rpID); status != ctap2.StatusOK {
		t.Errorf("after the right PIN: %v", status)
	}
}

// TestProofThatIsAskedFor is the table of alwaysUv and makeCredUvNotRqd.
func TestProofThatIsAskedFor(t *testing.T) {
	const ok, needed, denied = ctap2.StatusOK, ctap2.StatusPUATRequired, ctap2.StatusOperationDenied
	for _, c := range []struct {
		name                    string
		pin, uv, always, notRqd bool
		set                     bool // a PIN is set
		create, resident, get   ctap2.Status
		verified                bool // the assertion is
	}{
		{"nothing set", true, false, false, false, false, ok, ok, ok, false},
		{"PIN set", true, false, false, false, true, needed, needed, ok, false},
		{"PIN optional", true, false, false, true, true, ok, needed, ok, false},
		{"always, nothing set", true, false, true, true, false, needed, needed, needed, false},
		{"always, PIN", true, false, true, true, true, needed, needed, needed, false},
		{"finger", true, true, false, false, false, needed, needed, ok, false},
		{"finger alone", false, true, false, false, false, denied, denied, ok, false},
		{"finger optional", false, true, false, true, false, ok, denied, ok, false},
		{"always, finger", true, true, true, false, false, ok, ok, ok, true},
		{"always, nothing to verify with", false, false, true, false, false, denied, denied, denied, false},
	} {
		p := key(t, func(cfg *Config) {
			cfg.ClientPIN, cfg.BuiltInUV, cfg.AlwaysUV, cfg.UVOptional = c.pin, c.uv, c.always, c.notRqd
		})
		if err := p.a.add(p.stored(rpID)); err != nil {
			t.Fatal(err)
		}
		if c.set {
			p.setPIN(pin)
		}
		if _, _, got := p.create(nil, nil); got != c.create {
			t.Errorf("%s: create %v, want %v", c.name, got, c.create)
		}
		if _, _, got := p.create(nil, resident); got != c.resident {
			t.Errorf("%s: resident %v, want %v", c.name, got, c.resident)
		}
		if _, d, got := p.get(nil, nil); got != c.get || d.Flags.Has(ctap2.FlagUV) != c.verified {
			t.Errorf("%s: get %v, flags %#x, want %v", c.name, got, d.Flags, c.get)
		}
		if _, _, got := p.get(nil, func(r *ctap2.GetAssertionRequest) { r.Options = map[string]bool{"up": false} }); got != ok {
			t.Errorf("%s: silent get %v", c.name, got)
		}
	}
}

// stored is a discoverable credential that is there without having been asked for.
func (p platform) stored(rpID string) *credential {
	p.t.Helper()
	c, err := p.a.newCredential(creation(func(r *ctap2.MakeCredentialRequest) { r.RP.ID = rpID }), ctap2.ES256, true)
	if err != nil {
		p.t.Fatal(err)
	}
	return c
}
