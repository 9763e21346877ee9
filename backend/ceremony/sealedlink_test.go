package ceremony

import (
	"bytes"
	"slices"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

func TestLinkSealedAndOpened(t *testing.T) {
	v := &testVault{}
	l := link()
	l.ID = mfa.NewID()
	l.LinkID = []byte("12345678")
	if err := sealLink(v, l); err != nil {
		t.Fatal(err)
	}
	if l.Secret.Len() != 0 || l.ContactID != nil || l.LinkID != nil || bytes.Contains(l.Sealed, []byte("contact")) {
		t.Errorf("something is left open: %+v", l.Sealed)
	}
	open, err := openLink(v, *l)
	if err != nil || string(open.ContactID) != "contact" || string(open.LinkID) != "12345678" || open.Secret.Len() != 32 {
		t.Fatalf("%v", err)
	}
	wipeLink(&open)
	if open.Secret.Len() != 0 {
		t.Error("it stays open")
	}
	other := *l
	other.ID = mfa.NewID()
	_, err = openLink(v, other)
	wants(t, err, mfa.CodeVaultDamaged)
	v.locked.Store(true)
	_, err = openLink(v, *l)
	wants(t, err, mfa.CodeVaultLocked)
}

func TestLinkThatIsNone(t *testing.T) {
	v := &testVault{}
	for name, change := range map[string]func(*mfa.LinkedPhone){
		"no contact":         func(l *mfa.LinkedPhone) { l.ContactID = nil },
		"no secret":          func(l *mfa.LinkedPhone) { l.Secret.Wipe() },
		"a contact too long": func(l *mfa.LinkedPhone) { l.ContactID = make([]byte, maxLinkField+1) },
	} {
		l := link()
		change(l)
		if err := sealLink(v, l); err == nil {
			t.Errorf("%s was sealed", name)
		}
	}
	good := []byte{1, 0, 1, 'c', 0, 1, 'l', 0, 1, 's'}
	if f, err := linkFields(good); err != nil || string(f[0])+string(f[1])+string(f[2]) != "cls" {
		t.Fatalf("%q, %v", f, err)
	}
	for name, text := range map[string][]byte{
		"nothing":         {},
		"another version": append([]byte{2}, good[1:]...),
		"cut":             good[:len(good)-1],
		"two fields":      good[:7],
		"half a length":   good[:8],
		"an empty field":  {1, 0, 1, 'c', 0, 0, 0, 1, 's'},
		"a byte behind":   append(slices.Clone(good), 0),
		"a length beyond": {1, 0xff, 0xff, 'c', 0, 1, 'l', 0, 1, 's'},
	} {
		if _, err := linkFields(text); err == nil {
			t.Errorf("%s was read", name)
		}
		id := mfa.NewID()
		sealed, err := v.Seal(mfa.SealLink, id, mfa.NewSecret(slices.Clone(text)))
		if err != nil {
			t.Fatal(err)
		}
		_, err = openLink(v, mfa.LinkedPhone{ID: id, Sealed: sealed})
		wants(t, err, mfa.CodeVaultDamaged)
	}
}

func FuzzLinkFields(f *testing.F) {
	f.Add([]byte{1, 0, 1, 'c', 0, 1, 'l', 0, 1, 's'})
	f.Add([]byte{1, 0xff, 0xff})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, text []byte) {
		fields, err := linkFields(text)
		if err != nil {
			return
		}
		v, l := &testVault{}, &mfa.LinkedPhone{ID: "i", ContactID: fields[0], LinkID: fields[1], Secret: mfa.NewSecret(slices.Clone(fields[2]))}
		if err := sealLink(v, l); err != nil {
			t.Fatal(err)
		}
		plain, err := v.Open(mfa.SealLink, "i", l.Sealed)
		if err != nil || !bytes.Equal(plain.Bytes(), text) {
			t.Errorf("written again it is another link, %v", err)
		}
	})
}

func TestRingingNeedsTheVault(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	b.phones.link = link()
	b.enrol(t, "my-phone")
	if len(b.links(t)) != 1 {
		t.Fatal("no link")
	}
	p := b.pending(t)
	b.vault.locked.Store(true)
	_, err := b.SignInWithDevice(t.Context(), p, mfa.RoadPhone, &p.Links[0], Person{})
	wants(t, err, mfa.CodeVaultLocked)
	if len(b.phones.rung) != 0 {
		t.Error("the phone was rung")
	}
	b.vault.locked.Store(false)
	if _, err := b.SignInWithDevice(t.Context(), p, mfa.RoadPhone, &p.Links[0], Person{}); err != nil || string(b.phones.contact) != "contact" {
		t.Errorf("rung at %q, %v", b.phones.contact, err)
	}
}

// Without an open vault a phone is added as ever, and is not linked.
func TestNoLinkWithoutTheVault(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	b.vault.locked.Store(true)
	b.phones.link = link()
	b.enrol(t, "my-phone")
	if l := b.links(t); len(l) != 0 {
		t.Errorf("links %v", l)
	}
	if _, err := b.SignInWithDevice(t.Context(), b.pending(t), mfa.RoadPhone, nil, Person{}); err != nil {
		t.Error(err)
	}
}
