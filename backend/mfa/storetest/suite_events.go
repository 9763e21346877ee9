package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

func testEvents(t *testing.T, b *bench) {
	ctx := t.Context()
	b.same("empty trail", len(b.trail()), 0)
	full := mfa.Event{At: at(1), Kind: mfa.EventDeviceAdded, PrincipalID: "P", DeviceID: "D",
		Detail: map[string]string{"name": "näme <&> \x00", "provider": "", "broken": "a\xff\xfeb", "": "empty key"},
		Seq:    99, Hash: []byte("not yours to choose")}
	b.must(b.AddEvent(ctx, full))
	for i := range 9 {
		b.must(b.AddEvent(ctx, mfa.Event{Kind: mfa.EventKind(fmt.Sprint("kind-", i))}))
	}
	events := b.trail()
	b.same("length", len(events), 10)
	for i, e := range events {
		b.same("seq", e.Seq, int64(i+1))
		b.same("hash length", len(e.Hash), 32)
	}
	got := events[0]
	full.Detail["broken"] = "a\uFFFDb" // invalid UTF-8 is replaced before it is hashed
	b.same("event", []any{got.At, got.Kind, got.PrincipalID, got.DeviceID, got.Detail},
		[]any{whole(full.At), full.Kind, full.PrincipalID, full.DeviceID, full.Detail})
	if events[1].Detail != nil || !events[1].At.IsZero() {
		t.Error("no details and no time should come back as nil and the zero time")
	}

	pages := []struct {
		name         string
		after, limit int
		first, count int
	}{
		{"first page", 0, 3, 1, 3},
		{"second page", 3, 3, 4, 3},
		{"last page", 9, 3, 10, 1},
		{"after the end", 10, 3, 0, 0},
		{"no limit is nothing", 0, 0, 0, 0},
		{"negative limit", 0, -1, 0, 0},
		{"before the start", -5, 2, 1, 2},
	}
	for _, row := range pages {
		t.Run(row.name, func(t *testing.T) {
			page, err := b.Events(ctx, int64(row.after), row.limit)
			if err != nil || len(page) != row.count || row.count > 0 && page[0].Seq != int64(row.first) {
				t.Errorf("got %d events, %v", len(page), err)
			}
		})
	}
}

func testCancelled(t *testing.T, b *bench) {
	b.start()
	b.add(NewPasskey("ROOT", "key"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	calls := map[string]func() error{
		"batch": func() error {
			return b.AddPrincipals(ctx, []mfa.Principal{NewUser("bob")}, nil, []mfa.Event{event("x")})
		},
		"password": func() error { return b.PasswordAccepted(ctx, guessKey(1), "ROOT", day, event("x")) },
		"leave":    func() error { return b.RemovePrincipal(ctx, "ROOT", 1, true, event("x")) },
		"tokens":   func() error { return b.AddTokens(ctx, []mfa.Device{NewToken("123456789")}, event("x")) },
		"assign":   func() error { return b.AssignDevice(ctx, NewToken("123456789"), event("x")) },
		"release":  func() error { return b.UnassignDevice(ctx, "DEVICE-key", 1, event("x")) },
		"code":     func() error { return b.AcceptCode(ctx, "DEVICE-key", mfa.CodeUse{Step: 1}, true, event("x")) },
		"sweep":    func() error { _, err := b.SweepUnassigned(ctx, event("x")); return err },
		"group":    func() error { return b.AddGroup(ctx, mfa.Group{ID: "G", Name: "g"}, event("x")) },
		"recovery": func() error { return b.ReplaceRecoveryCodes(ctx, "ROOT", nil, event("x")) },
		"slots":    func() error { return b.ReplaceKeySlots(ctx, nil, []mfa.KeySlot{{ID: "S"}}, event("x")) },
		"passkey":  func() error { return b.PutLocalPasskey(ctx, NewLocalPasskey("a.example", 1)) },
		"state":    func() error { return b.PutLocalState(ctx, NewLocalState(1)) },
		"reset":    func() error { return b.ResetLocal(ctx) },
		"passkeys": func() error { _, err := b.LocalPasskeys(ctx, ""); return err },
		"people":   func() error { _, err := b.Overviews(ctx); return err },
		"find":     func() error { _, err := b.FindEvents(ctx, mfa.EventFilter{}); return err },
		"create":   func() error { return b.CreateAccount(ctx, NewAccount(), NewRoot(), event("x")) },
		"update":   func() error { return b.UpdateDevice(ctx, NewPasskey("ROOT", "key"), event("x")) },
		"add":      func() error { return b.AddDevice(ctx, NewPasskey("ROOT", "two"), event("x")) },
		"remove":   func() error { return b.RemoveDevice(ctx, "DEVICE-key", 1, event("x")) },
		"link":     func() error { return b.SaveLink(ctx, NewLink("ROOT", 1), event("x")) },
		"event":    func() error { return b.AddEvent(ctx, event("x")) },
		"read":     func() error { _, err := b.Device(ctx, "DEVICE-key"); return err },
		"list":     func() error { _, err := b.Devices(ctx, "ROOT"); return err },
		"account":  func() error { _, err := b.Account(ctx); return err },
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			if err := call(); !mfa.IsCode(err, mfa.CodeCancelled) || !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
	}
	b.same("events", len(b.trail()), 2)
	b.same("device", found[mfa.Device](b)(b.Device(t.Context(), "DEVICE-key")), NewPasskey("ROOT", "key"))
}

// testCopies changes what it put in and what it got out: the store keeps its own.
func testCopies(t *testing.T, b *bench) {
	ctx := t.Context()
	b.start()
	d, l := NewPasskey("ROOT", "key"), NewLink("ROOT", 1)
	detail := map[string]string{"name": "key"}
	b.must(b.AddDevice(ctx, d, mfa.Event{At: day, Kind: mfa.EventDeviceAdded, Detail: detail}))
	b.must(b.SaveLink(ctx, l, event(mfa.EventPhoneLinked)))
	detail["name"] = "x"
	d.Passkey.ID[0], d.Passkey.SignCount, d.Passkey.Transports[0] = 'X', 77, "usb"
	l.Sealed[0] = 9
	l.PublicKey[0] = 9

	got := found[mfa.Device](b)(b.Device(ctx, d.ID))
	b.same("device", got, NewPasskey("ROOT", "key"))
	got.Passkey.PublicKey[0], got.Passkey.Transports[0] = 'X', "nfc"
	b.same("device again", found[mfa.Device](b)(b.Device(ctx, d.ID)), NewPasskey("ROOT", "key"))
	links := found[[]mfa.LinkedPhone](b)(b.Links(ctx, "ROOT"))
	b.same("link", links[0], NewLink("ROOT", 1))
	links[0].Sealed[0] = 9
	b.same("link again", found[[]mfa.LinkedPhone](b)(b.Links(ctx, "ROOT"))[0], NewLink("ROOT", 1))
	b.trail()[1].Detail["name"] = "y"
	b.same("detail", b.trail()[1].Detail["name"], "key")
}
