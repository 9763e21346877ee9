package keys

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/keyferry/keyferry/backend/mfa"
)

func only(t *testing.T, s *Service) Key {
	t.Helper()
	list, err := s.List(t.Context())
	if err != nil || len(list) != 1 {
		t.Fatalf("%d keys, %v", len(list), err)
	}
	return list[0]
}

func wantCode(t *testing.T, err error, code mfa.Code) {
	t.Helper()
	if !mfa.IsCode(err, code) {
		t.Fatalf("got %v, want %s", err, code)
	}
}

func TestWhatIsKnownOfAKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, d := serviceOver(t, withPIN(t, newStick("a", modern()), "2580"))
		k := only(t, s)
		if k.PIN != PINSet || k.Left != 8 || k.Replug || k.Old || !k.CanList() || k.Way != "usb" || k.Name != "Stick a" {
			t.Errorf("%+v", k)
		}
		denied := newStick("b", modern())
		denied.trouble = mfa.Fail(mfa.CodeKeyPermission, "node", "/dev/hidraw1")
		d.put(denied)
		list, err := s.List(t.Context())
		if err != nil || len(list) != 2 || list[1].Trouble == nil || list[1].Trouble.Code != mfa.CodeKeyPermission {
			t.Errorf("%+v %v", list, err)
		}
	})
}

func TestPINOfAKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := serviceOver(t, newStick("a", modern()))
		id := only(t, s).ID
		set := func(old, fresh string) error {
			o, f := secret(old), secret(fresh)
			defer o.Wipe()
			defer f.Wipe()
			_, err := s.SetPIN(t.Context(), id, o, f)
			return err
		}
		wantCode(t, set("1234", "2580"), mfa.CodePINNotSet)
		wantCode(t, set("", "12"), mfa.CodePINLength)
		if err := set("", "2580"); err != nil {
			t.Fatal(err)
		}
		if k := only(t, s); k.PIN != PINSet {
			t.Errorf("%+v", k)
		}
		wantCode(t, set("", "9999"), mfa.CodePINSet)
		wantCode(t, set("0000", "9999"), mfa.CodePINWrong)
		if k := only(t, s); k.Left != 7 {
			t.Errorf("%d tries left", k.Left)
		}
		if err := set("2580", "13579"); err != nil {
			t.Fatal(err)
		}
		if k := only(t, s); k.Left != 8 {
			t.Errorf("%d tries left", k.Left)
		}
	})
}

func TestPasskeysOnAKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stick := withPIN(t, newStick("a", modern()), "2580")
		discoverable(t, stick, "one.example", "two.example")
		s, d := serviceOver(t, stick)
		id := only(t, s).ID
		_, err := s.Passkeys(t.Context(), id)
		wantCode(t, err, mfa.CodePINNeeded)
		wrong := secret("0000")
		wantCode(t, s.Unlock(t.Context(), id, wrong), mfa.CodePINWrong)
		unlock := func() {
			t.Helper()
			right := secret("2580")
			defer right.Wipe()
			if err := s.Unlock(t.Context(), id, right); err != nil {
				t.Fatal(err)
			}
		}
		unlock()
		list, err := s.Passkeys(t.Context(), id)
		if err != nil || len(list) != 2 || list[0].User != "alice" {
			t.Fatalf("%+v %v", list, err)
		}
		wantCode(t, s.DeletePasskey(t.Context(), id, []byte("nobody's")), mfa.CodeNotFound)
		if err := s.DeletePasskey(t.Context(), id, list[0].ID); err != nil {
			t.Fatal(err)
		}
		left, err := s.Passkeys(t.Context(), id)
		if err != nil || len(left) != 1 || left[0].RPID != list[1].RPID {
			t.Fatalf("%+v %v", left, err)
		}
		s.CloseKey(id)
		_, err = s.Passkeys(t.Context(), id)
		wantCode(t, err, mfa.CodePINNeeded)

		unlock()
		d.pull(stick)
		if list, err := s.List(t.Context()); err != nil || len(list) != 0 {
			t.Fatalf("%v %v", list, err)
		}
		d.put(stick)
		_, err = s.Passkeys(t.Context(), id)
		wantCode(t, err, mfa.CodePINNeeded) // the PIN went with the key
	})
}

func TestResetOfAKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stick := withPIN(t, newStick("a", modern()), "2580")
		s, d := serviceOver(t, stick)
		id := only(t, s).ID
		stages, done := make(chan ResetStage, 4), make(chan error, 1)
		go func() { done <- s.Reset(t.Context(), id, func(r ResetStage) { stages <- r }) }()
		if r := next(t, "a stage", stages); r != ResetUnplug {
			t.Fatal(r)
		}
		d.pull(stick)
		if r := next(t, "a stage", stages); r != ResetInsert {
			t.Fatal(r)
		}
		stick.id = "another port"
		d.put(stick)
		if r := next(t, "a stage", stages); r != ResetTouch {
			t.Fatal(r)
		}
		next(t, "the question", stick.asked)
		stick.touch <- struct{}{}
		if err := next(t, "the end", done); err != nil {
			t.Fatal(err)
		}
		if k := only(t, s); k.PIN != PINUnset {
			t.Errorf("%+v", k)
		}
	})
}

func TestResetOfAnotherKeyIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mine, other := newStick("a", modern()), newStick("b", modern())
		other.vendor = 0x20a0
		s, d := serviceOver(t, mine)
		stages, done := make(chan ResetStage, 4), make(chan error, 1)
		go func() { done <- s.Reset(t.Context(), "0:a", func(r ResetStage) { stages <- r }) }()
		next(t, "unplug", stages)
		d.pull(mine)
		next(t, "insert", stages)
		d.put(other)
		wantCode(t, next(t, "the end", done), mfa.CodeKeyLost)
	})
}

func TestResetIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := serviceOver(t, newStick("a", modern()))
		ctx, cancel := context.WithCancel(t.Context())
		stages, done := make(chan ResetStage, 4), make(chan error, 1)
		go func() { done <- s.Reset(ctx, "0:a", func(r ResetStage) { stages <- r }) }()
		next(t, "unplug", stages)
		cancel()
		if err := next(t, "the end", done); err == nil {
			t.Error("no error")
		}
	})
}
