package keys

import (
	"crypto/rand"
	"testing"
	"testing/synctest"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// credential makes one for example.org on a stick, under a level of credProtect (0: none),
// with the PIN 2580 where the stick has one.
func credential(t *testing.T, s *stick, level int) []byte {
	t.Helper()
	hash := make([]byte, 32)
	r := ctap2.MakeCredentialRequest{ClientDataHash: hash, RP: ctap2.RelyingParty{ID: "example.org", Name: "x"},
		User: ctap2.User{ID: []byte("u"), Name: "u"}, Parameters: []ctap2.CredentialParameters{{Type: ctap2.PublicKeyType, Alg: ctap2.ES256}}}
	if level > 0 {
		r.Extensions = ctapcbor.MustMarshal(map[string]any{"credProtect": level})
	}
	info, err := ctap2.ParseInfo(s.GetInfo())
	if err != nil {
		t.Fatal(err)
	}
	if info.IsOn(ctap2.OptionClientPIN) {
		pin := secret("2580")
		defer pin.Wipe()
		token, err := ctap2.TokenByPIN(t.Context(), s, info, pin, ctap2.PermissionMakeCredential, "example.org", rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		defer token.Wipe()
		r.PinUvAuthParam, r.PinUvAuthProtocol = token.Authenticate(hash), token.Protocol()
	}
	s.touch <- struct{}{}
	made, err := ctap2.MakeCredential(t.Context(), s, r, nil)
	if err != nil {
		t.Fatal(err)
	}
	<-s.asked
	data, err := ctap2.ParseAuthenticatorData(made.AuthData)
	if err != nil {
		t.Fatal(err)
	}
	return data.Attested.CredentialID
}

func with(change func(*virtualauth.Config)) virtualauth.Config {
	c := modern()
	c.CredProtect = true
	change(&c)
	return c
}

// A key that may hide a passkey is not ruled out by its silence, and another that admits
// to one is not preferred to it: the person touches the key they mean.
func TestAKeyThatMayHideThePasskeyIsNotRuledOut(t *testing.T) {
	usual := with(func(*virtualauth.Config) {})
	always := with(func(c *virtualauth.Config) { c.CredProtect, c.AlwaysUV = false, true })
	simple := with(func(c *virtualauth.Config) { c.CredProtect = false })
	for _, c := range []struct {
		name      string
		a, b      virtualauth.Config
		pinA      bool // a has a PIN; b always has one
		onA, onB  int  // level of credProtect of the credential there; -1: there is none
		asked     bool // by a touch
		meantAlso bool // the touch goes to a, in a second run
	}{
		{"hidden on the one, and the other could never hide it", simple, usual, true, -1, 3, false, false},
		{"hidden on the one, and the other has no PIN", usual, usual, false, -1, 3, false, false},
		{"hidden on the one, and perhaps on the other", usual, usual, true, -1, 3, true, false},
		{"hidden on the one, admitted by the other", simple, usual, true, 0, 3, true, true},
		{"hidden on both", usual, usual, true, 3, 3, true, true},
		{"one always wants verification", simple, always, true, 0, 0, true, true},
		{"one always wants verification, and the other has none", simple, always, true, -1, 0, false, false},
		{"admitted by both", simple, simple, true, 0, 0, true, true},
	} {
		runs := []string{"0:b"}
		if c.meantAlso {
			runs = append(runs, "0:a")
		}
		for _, meant := range runs {
			t.Run(c.name+", "+meant, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					a, b := newStick("a", c.a), withPIN(t, newStick("b", c.b), "2580")
					if c.pinA {
						a = withPIN(t, a, "2580")
					}
					ids := [][]byte{[]byte("known to nobody")}
					if c.onA >= 0 {
						ids = append(ids, credential(t, a, c.onA))
					}
					if c.onB >= 0 {
						ids = append(ids, credential(t, b, c.onB))
					}
					s, _ := serviceOver(t, a, b)
					told, out := looking(t.Context(), s, authenticator.Want{Purpose: authenticator.PurposeGet, RPID: "example.org", Credentials: ids})
					if c.asked {
						if p := next(t, "touch-key", told); p.Stage != mfa.StageTouchKey || p.Keys != 2 {
							t.Errorf("told %+v", p)
						}
						next(t, "a question", a.asked)
						next(t, "a question", b.asked)
						if meant == "0:a" {
							a.touch <- struct{}{}
						} else {
							b.touch <- struct{}{}
						}
					}
					f := next(t, "the key", out)
					if f.err != nil {
						t.Fatal(f.err)
					}
					defer f.a.Close()
					if got := f.a.(*opened).id; got != meant || len(told) != 0 {
						t.Errorf("chose %s, after %d reports", got, len(told))
					}
				})
			})
		}
	}
}
