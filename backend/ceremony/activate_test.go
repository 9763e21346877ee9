package ceremony

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/hello"
	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/mds/mdstest"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

const certifiedOnly = `{"Version":"2012-10-17","Statement":[
 {"Effect":"Allow","Action":"iam:EnableMFADevice","Resource":"*","Condition":{"StringEquals":{"iam:RegisterSecurityKey":"Create"}}},
 {"Effect":"Allow","Action":"iam:EnableMFADevice","Resource":"*","Condition":{"StringEquals":{"iam:RegisterSecurityKey":"Activate","iam:FIDO-FIPS-140-2-certification":"L2"}}}]}`

// known is metadata that has been imported.
type known struct{ m *mds.Metadata }

func (k known) Current(context.Context) (*mds.Metadata, mfa.Blob, error) {
	if k.m == nil {
		return nil, mfa.Blob{}, nil
	}
	return k.m, mfa.Blob{Number: k.m.Number}, nil
}

// explained marks that a refusal was handed on to be explained.
type explained struct {
	access mfa.Access
	trust  mfa.Trust
}

func (e *explained) Refusal(_ context.Context, a mfa.Access, t mfa.Trust, _ error) error {
	e.access, e.trust = a, t
	return mfa.Fail(mfa.CodeNotAdmitted, "step", string(a.Registering.Step))
}

// An authenticator of model 1 that attests, and one that does not.
func attesting(t *testing.T) (virtualauth.Config, *x509.Certificate) {
	t.Helper()
	c := virtualauth.Android()
	issuer, err := virtualauth.NewIssuer(rand.Reader, mdstest.Now.AddDate(-1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	c.AAGUID, c.Attestation, c.Issuer = mdstest.Model(1), virtualauth.Packed, issuer
	return c, issuer.Root()
}

func TestActivate(t *testing.T) {
	fips, revoked := mdstest.FIPS(2, 2, "2024-01-01"), mdstest.Status("REVOKED", "2025-01-01")
	hello := mfa.AAGUID{0x08, 0x98, 0x70, 0x58, 0xca, 0xdc, 0x4b, 0x81, 0xb6, 0xe1, 0x30, 0xde, 0x50, 0xdc, 0xbe, 0x96}
	for _, row := range []struct {
		name     string
		attests  bool
		aaguid   mfa.AAGUID       // in the place of model 1
		reports  []mdstest.Report // of model 1; nil: no metadata
		policy   string           // in the place of EnableAnyDevice
		want     mfa.Code         // empty: it is added
		unproven mfa.Unproven     // of what was added, or refused
		brought  mfa.Certificates
	}{
		{name: "proven and wanted", attests: true, reports: []mdstest.Report{fips}, policy: certifiedOnly, brought: mfa.Certificates{FIPS1402: "L2"}},
		{name: "proven, without the certificate", attests: true, reports: []mdstest.Report{mdstest.Status("FIDO_CERTIFIED_L1", "2024-01-01")},
			policy: certifiedOnly, want: mfa.CodeNotAdmitted, brought: mfa.Certificates{FIDO: "L1"}},
		{name: "does not attest", reports: []mdstest.Report{fips}, policy: certifiedOnly, want: mfa.CodeNotAdmitted, unproven: mfa.UnprovenAttestation},
		{name: "no metadata", attests: true, policy: certifiedOnly, want: mfa.CodeNotAdmitted, unproven: mfa.UnprovenMetadata},
		{name: "revoked", attests: true, reports: []mdstest.Report{fips, revoked}, want: mfa.CodeModelRefused},
		{name: "Windows Hello's own number", aaguid: hello, want: mfa.CodeHelloRefused},
		{name: "a phone that says nothing is welcome without a policy", unproven: mfa.UnprovenAttestation},
	} {
		t.Run(row.name, func(t *testing.T) {
			phone, root := attesting(t)
			if !row.attests {
				phone.Attestation = virtualauth.None
			}
			if !row.aaguid.IsZero() {
				phone.AAGUID = row.aaguid
			}
			b := newBench(t, phone)
			answers := &explained{}
			b.Admission, b.Metadata = answers, known{}
			if row.reports != nil {
				b.Metadata = known{mdstest.New(t).Open(mdstest.Entry{AAGUID: mdstest.Model(1), Name: "Acme Key", Roots: []*x509.Certificate{root}, Reports: row.reports})}
			}
			alice := b.held(t, row.policy)
			d, err := b.Enrol(t.Context(), alice, "", "key", mfa.RoadPhone, Person{Confirm: yes})
			if row.want != "" {
				wants(t, err, row.want)
				if f := mfa.AsFailure(err); f.Params["left"] != "yes" || f.Params["rp"] != mfa.DefaultRPID || f.Params["user"] != "alice" {
					t.Errorf("it does not say that a credential stayed behind: %v", f.Params)
				}
				if left, err := b.Store.Devices(t.Context(), alice.PrincipalID); err != nil || len(left) != 0 {
					t.Errorf("%d devices, %v", len(left), err)
				}
				if row.want == mfa.CodeNotAdmitted && (answers.trust.Unproven != row.unproven || answers.trust.Certificates != row.brought || answers.access.Registering.Step != mfa.StepActivate) {
					t.Errorf("explained with %+v", answers)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			kept, err := b.Store.Device(t.Context(), d.ID)
			if err != nil {
				t.Fatal(err)
			}
			got := kept.Passkey.Trust
			if got.Unproven != row.unproven || got.Certificates != row.brought || got.At.IsZero() || got.Hello.State != mfa.HelloNo || got.Hello.Proof != "hybrid" {
				t.Errorf("frozen: %+v", got)
			}
			if row.reports != nil && (got.Blob != 100 || got.Model != "Acme Key" || len(got.Reports) != 1) {
				t.Errorf("frozen without its proof: %+v", got)
			}
		})
	}
}

// What the policies refuse from the start never opens the way to a phone.
func TestCreateIsCheckedBeforeTheTouch(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	answers := &explained{}
	b.Admission = answers
	alice := b.held(t, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:EnableMFADevice","Resource":"*","Condition":{"Null":{"iam:RegisterSecurityKey":"true"}}}}`)
	_, err := b.Enrol(t.Context(), alice, "", "key", mfa.RoadPhone, Person{Confirm: yes})
	wants(t, err, mfa.CodeNotAdmitted)
	if f := mfa.AsFailure(err); f.Params["step"] != "Create" || f.Params["left"] != "" || len(b.phones.purposes) != 0 {
		t.Errorf("%v, %d phones opened", f.Params, len(b.phones.purposes))
	}
}

// While a person is asked whether to add a passkey, what allowed it may go.
func TestNothingIsAddedByARightThatIsGone(t *testing.T) {
	for name, row := range map[string]struct {
		meanwhile func(*testing.T, *bench, mfa.Session, *x509.Certificate)
		want      mfa.Code
	}{
		"the policy is withdrawn": {func(t *testing.T, b *bench, alice mfa.Session, _ *x509.Certificate) {
			if err := b.Store.SetAttached(t.Context(), mfa.Attachment{Policy: mfa.EnableAnyDevice, PrincipalID: alice.PrincipalID}, false, mfa.Event{}); err != nil {
				t.Error(err)
			}
		}, mfa.CodeAccessDenied},
		"the model is revoked": {func(t *testing.T, b *bench, _ mfa.Session, root *x509.Certificate) {
			b.Metadata = known{mdstest.New(t).Open(mdstest.Entry{AAGUID: mdstest.Model(1), Name: "Acme Key", Roots: []*x509.Certificate{root},
				Reports: []mdstest.Report{mdstest.Status("REVOKED", "2025-01-01")}})}
		}, mfa.CodeModelRefused},
	} {
		t.Run(name, func(t *testing.T) {
			phone, root := attesting(t)
			b := newBench(t, phone)
			alice := b.held(t, "")
			_, err := b.Enrol(t.Context(), alice, "", "key", mfa.RoadPhone, Person{Confirm: func(context.Context, Candidate) (bool, error) {
				row.meanwhile(t, b, alice, root)
				return true, nil
			}})
			wants(t, err, row.want)
			if f := mfa.AsFailure(err); f.Params["left"] != "yes" || f.Params["rp"] != mfa.DefaultRPID || f.Params["user"] != "alice" {
				t.Errorf("it does not say that a credential stayed behind: %v", f.Params)
			}
			if got, err := b.Store.Devices(t.Context(), alice.PrincipalID); err != nil || len(got) != 0 {
				t.Errorf("%d devices, %v", len(got), err)
			}
		})
	}
}

// Nor by settings that are no longer: an administrator may rule Windows Hello out while
// the system's own dialog is open.
func TestSettingsAreThoseOfTheSecondCheck(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	b.System = "windows"
	alice := b.held(t, "")
	acting, err := b.MayCreate(t.Context(), alice, "", "key")
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	activate := func() error {
		data := append(make([]byte, 32), 0x41, 0, 0, 0, 0)
		data = append(append(data, make([]byte, 16)...), 0, 1, 7)
		data = append(data, ctapcbor.MustMarshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})...)
		return b.mayActivate(t.Context(), acting, &mfa.Credential{ID: []byte{7}, AttestationFormat: "none",
			AttestationObject: ctapcbor.MustMarshal(map[string]any{"fmt": "none", "authData": data, "attStmt": map[string]any{}})}, hello.PathPlatform)
	}
	if err := activate(); err != nil {
		t.Fatal(err)
	}
	settings := acting.Account.Settings
	settings.RuleOutHello = true
	if _, err := b.Accounts.SaveSettings(t.Context(), b.who, acting.Account.Version, settings); err != nil {
		t.Fatal(err)
	}
	wants(t, activate(), mfa.CodeHelloUnproven)
}

// Who turns the clock back before a model was revoked gains nothing, once a BLOB that says
// so was imported.
func TestClockTurnedBackHidesNoReport(t *testing.T) {
	phone, root := attesting(t)
	b := newBench(t, phone)
	alice := b.held(t, "")
	m := mdstest.New(t).Open(mdstest.Entry{AAGUID: mdstest.Model(1), Name: "Acme Key", Roots: []*x509.Certificate{root},
		Reports: []mdstest.Report{mdstest.Status("REVOKED", "2026-11-01")}})
	b.Metadata = imported{known{m}, b.clock.read()}
	b.clock.add(-60 * 24 * time.Hour)
	_, err := b.Enrol(t.Context(), alice, "", "key", mfa.RoadPhone, Person{Confirm: yes})
	wants(t, err, mfa.CodeModelRefused)
}

// imported is metadata with the moment of their import.
type imported struct {
	known
	at time.Time
}

func (i imported) Current(ctx context.Context) (*mds.Metadata, mfa.Blob, error) {
	m, b, err := i.known.Current(ctx)
	b.ImportedAt = i.at
	return m, b, err
}

// held adds alice, with a policy in the place of EnableAnyDevice unless it is empty.
func (b *bench) held(t *testing.T, document string) mfa.Session {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	root := b.who
	root.MFAAt = b.clock.read()
	alice, err := b.Accounts.AddUser(t.Context(), root, account.NewUser{Name: "alice", Path: mfa.RootPath})
	must(err)
	if document != "" {
		must(b.Store.SetAttached(t.Context(), mfa.Attachment{Policy: mfa.EnableAnyDevice, PrincipalID: alice.ID}, false, mfa.Event{}))
		must(b.Store.AddPolicy(t.Context(), mfa.Policy{Name: "Certified", Path: "/", Document: document}, mfa.Event{}))
		must(b.Store.SetAttached(t.Context(), mfa.Attachment{Policy: "Certified", PrincipalID: alice.ID}, true, mfa.Event{}))
	}
	return mfa.Session{ID: "alice", PrincipalID: alice.ID, StartedAt: b.clock.read()}
}
