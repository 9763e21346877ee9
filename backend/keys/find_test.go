package keys

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

type found struct {
	a   authenticator.Authenticator
	err error
}

// looking runs Open and gives its reports and what came of it.
func looking(ctx context.Context, s *Service, w authenticator.Want) (<-chan mfa.Progress, <-chan found) {
	told, out := make(chan mfa.Progress, 16), make(chan found, 1)
	go func() {
		a, err := s.Open(ctx, w, func(p mfa.Progress) { told <- p })
		out <- found{a, err}
	}()
	return told, out
}

func next[T any](t *testing.T, what string, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-t.Context().Done():
		t.Fatal(what + " never came")
	}
	return v
}

func TestOneKeyIsMeant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := serviceOver(t, newStick("a", modern()))
		told, out := looking(t.Context(), s, authenticator.Want{Purpose: authenticator.PurposeCreate})
		f := next(t, "the key", out)
		if f.err != nil || len(told) != 0 {
			t.Fatalf("%v after %d reports", f.err, len(told))
		}
		defer f.a.Close()
		if info, err := ctap2.ParseInfo(f.a.GetInfo()); err != nil || !info.HasVersion("FIDO_2_1") || f.a.Transports()[0] != "usb" {
			t.Errorf("%+v %v %v", info.Versions, f.a.Transports(), err)
		}
		if n, is := f.a.(interface{ Name() string }); !is || n.Name() != "Stick a" {
			t.Error("it has no name")
		}
	})
}

func TestAKeyIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := serviceOver(t)
		told, out := looking(t.Context(), s, authenticator.Want{})
		if p := next(t, "find-key", told); p.Stage != mfa.StageFindKey || p.Trouble != nil {
			t.Errorf("told %+v", p)
		}
		denied := newStick("a", modern())
		denied.trouble = mfa.Fail(mfa.CodeKeyPermission, "node", "/dev/hidraw3")
		d.put(denied)
		if p := next(t, "the trouble", told); p.Stage != mfa.StageFindKey || p.Trouble == nil || p.Trouble.Code != mfa.CodeKeyPermission {
			t.Errorf("told %+v", p)
		}
		d.put(newStick("b", modern()))
		f := next(t, "the key", out)
		if f.err != nil {
			t.Fatal(f.err)
		}
		f.a.Close()
	})
}

func TestLookingIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := serviceOver(t)
		ctx, cancel := context.WithCancel(t.Context())
		told, out := looking(ctx, s, authenticator.Want{})
		next(t, "find-key", told)
		cancel()
		if f := next(t, "the end", out); !mfa.IsCode(mfa.AsFailure(f.err), mfa.CodeCancelled) {
			t.Errorf("%v", f.err)
		}
	})
}

func TestABusThatCannotWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := serviceOver(t)
		d.fail = mfa.Fail(mfa.CodeKeyUnsupported, "system", "windows")
		_, out := looking(t.Context(), s, authenticator.Want{})
		if f := next(t, "the failure", out); !mfa.IsCode(f.err, mfa.CodeKeyUnsupported) {
			t.Errorf("%v", f.err)
		}
	})
}

// A computer without a card reader has keys all the same.
func TestABusThatCannotWorkBesideOneThatDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		readers := &drawer{t: t, fail: mfa.Fail(mfa.CodeReaderNoService)}
		ports := &drawer{t: t}
		s := New(Config{Buses: []transport.KeyBus{ports, readers}})
		if list, err := s.List(t.Context()); err != nil || len(list) != 0 {
			t.Fatalf("%v %v", list, err)
		}
		told, out := looking(t.Context(), s, authenticator.Want{})
		if p := next(t, "find-key", told); p.Trouble != nil {
			t.Errorf("told %+v", p)
		}
		ports.put(newStick("a", modern()))
		f := next(t, "the key", out)
		if f.err != nil {
			t.Fatal(f.err)
		}
		f.a.Close()
	})
}

// This computer is looked after like a key, and never meant when one is looked for.
func TestThisComputerIsNoKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		home := &drawer{t: t}
		home.put(newStick("tpm", modern()))
		s := New(Config{Buses: []transport.KeyBus{&drawer{t: t}}, Computer: home})
		list, err := s.List(t.Context())
		if err != nil || len(list) != 1 || list[0].Name != "Stick tpm" {
			t.Fatalf("%+v %v", list, err)
		}
		if !s.IsComputer(list[0].ID) || s.IsComputer("0:tpm") {
			t.Error("which one is the computer?")
		}
		pin := secret("2580")
		defer pin.Wipe()
		if k, err := s.SetPIN(t.Context(), list[0].ID, nil, pin); err != nil || k.PIN != PINSet {
			t.Fatalf("%+v %v", k, err)
		}
		told, out := looking(t.Context(), s, authenticator.Want{})
		if p := next(t, "find-key", told); p.Stage != mfa.StageFindKey {
			t.Errorf("told %+v", p)
		}
		select {
		case f := <-out:
			t.Fatalf("found %v", f)
		default:
		}
	})
}

func TestTheTouchedKeyIsMeant(t *testing.T) {
	for name, second := range map[string]virtualauth.Config{
		"both of today":   modern(),
		"one of CTAP 2.0": {Discoverable: true, ClientPIN: true, Versions: []string{"FIDO_2_0"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a, b := newStick("a", modern()), newStick("b", second)
				s, _ := serviceOver(t, a, b)
				told, out := looking(t.Context(), s, authenticator.Want{Purpose: authenticator.PurposeCreate})
				if p := next(t, "touch-key", told); p.Stage != mfa.StageTouchKey || p.Keys != 2 {
					t.Errorf("told %+v", p)
				}
				next(t, "the first question", a.asked)
				next(t, "the second question", b.asked)
				b.touch <- struct{}{}
				f := next(t, "the key", out)
				if f.err != nil {
					t.Fatal(f.err)
				}
				defer f.a.Close()
				if n := f.a.(*opened).id; n != "0:b" {
					t.Errorf("chose %s", n)
				}
				if err := next(t, "the cancel of the other", a.ended); err == nil {
					t.Error("the other was not cancelled")
				}
			})
		})
	}
}

func TestAKeyThatComesIntoTheRace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, c := newStick("a", modern()), newStick("b", modern()), newStick("c", modern())
		s, d := serviceOver(t, a, b)
		told, out := looking(t.Context(), s, authenticator.Want{Purpose: authenticator.PurposeCreate})
		next(t, "touch-key", told)
		next(t, "a question", a.asked)
		next(t, "a question", b.asked)
		d.put(c)
		if p := next(t, "touch-key again", told); p.Keys != 3 {
			t.Errorf("told %+v", p)
		}
		next(t, "the question to the third", c.asked)
		c.touch <- struct{}{}
		f := next(t, "the key", out)
		if f.err != nil || f.a.(*opened).id != "0:c" {
			t.Fatalf("%v", f.err)
		}
		f.a.Close()
	})
}

func TestPullingAllButOneEndsTheRace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newStick("a", modern()), newStick("b", modern())
		s, d := serviceOver(t, a, b)
		told, out := looking(t.Context(), s, authenticator.Want{Purpose: authenticator.PurposeCreate})
		next(t, "touch-key", told)
		next(t, "a question", a.asked)
		next(t, "a question", b.asked)
		d.pull(a)
		f := next(t, "the key", out)
		if f.err != nil || f.a.(*opened).id != "0:b" {
			t.Fatalf("%v", f.err)
		}
		f.a.Close()
	})
}

// At a sign-in the key that has the passkey is known without a touch.
func TestTheKeyThatHasThePasskeyIsMeant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := newStick("a", modern()), newStick("b", modern())
		b.touch <- struct{}{}
		made, err := ctap2.MakeCredential(t.Context(), b, ctap2.MakeCredentialRequest{ClientDataHash: make([]byte, 32), RP: ctap2.RelyingParty{ID: "example.org", Name: "x"},
			User: ctap2.User{ID: []byte("u"), Name: "u"}, Parameters: []ctap2.CredentialParameters{{Type: ctap2.PublicKeyType, Alg: ctap2.ES256}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		data, err := ctap2.ParseAuthenticatorData(made.AuthData)
		if err != nil {
			t.Fatal(err)
		}
		s, _ := serviceOver(t, a, b)
		told, out := looking(t.Context(), s, authenticator.Want{Purpose: authenticator.PurposeGet, RPID: "example.org", Credentials: [][]byte{[]byte("unknown to all"), data.Attested.CredentialID}})
		f := next(t, "the key", out)
		if f.err != nil || f.a.(*opened).id != "0:b" || len(told) != 0 {
			t.Fatalf("%v after %d reports", f.err, len(told))
		}
		f.a.Close()
	})
}

func TestAU2FKeyIsMeant(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newStick("a", virtualauth.Config{U2F: true, Versions: []string{"U2F_V2"}})
		k.can &^= 0x04 // it knows no CTAP2
		s, _ := serviceOver(t, k)
		_, out := looking(t.Context(), s, authenticator.Want{Purpose: authenticator.PurposeCreate})
		f := next(t, "the key", out)
		if f.err != nil {
			t.Fatal(f.err)
		}
		defer f.a.Close()
		if !f.a.(*opened).old {
			t.Error("it is taken for a CTAP2 key")
		}
	})
}
