package sqlite

import (
	"fmt"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
)

// What an index refuses gets the code that the port documents; an ID that is there
// already is a fault of ours and none of these. Nothing is changed.
func TestWhatIndexesRefuse(t *testing.T) {
	ctx := t.Context()
	s := reopen(t, databasePath(t))
	e := mfa.Event{At: noon, Kind: "x"}
	if err := s.CreateAccount(ctx, storetest.NewAccount(), storetest.NewRoot(), e); err != nil {
		t.Fatal(describe(err))
	}
	ann, token := storetest.NewUser("Ann"), storetest.NewToken("GAHT00000001")
	key := storetest.NewPasskey("ROOT", "Key")
	for _, err := range []error{s.AddPrincipal(ctx, ann, e), s.AddTokens(ctx, []mfa.Device{token}, e), s.AddDevice(ctx, key, e),
		s.AddDevice(ctx, storetest.NewApp("ROOT", "App"), e), s.AddGroup(ctx, mfa.Group{ID: "G", Name: "Pilots"}, e)} {
		if err != nil {
			t.Fatal(describe(err))
		}
	}
	user := func(change func(*mfa.Principal)) mfa.Principal {
		p := storetest.NewUser("new")
		change(&p)
		return p
	}
	device := func(d mfa.Device, change func(*mfa.Device)) mfa.Device {
		change(&d)
		return d
	}
	users := func(p mfa.Principal) error { // in the middle of others
		return s.AddPrincipals(ctx, []mfa.Principal{storetest.NewUser("a"), p, storetest.NewUser("z")}, nil, []mfa.Event{e, e, e})
	}
	tokens := func(d mfa.Device) error {
		return s.AddTokens(ctx, []mfa.Device{storetest.NewToken("aaaaaaaaa"), d, storetest.NewToken("zzzzzzzzz")}, e)
	}
	rows := []struct {
		name   string
		code   mfa.Code
		params string
		change func() error
	}{
		{"a user's name", mfa.CodeNameTaken, "map[name:aNN]", func() error { return users(user(func(p *mfa.Principal) { p.Name = "aNN" })) }},
		{"a user's name twice in the list", mfa.CodeNameTaken, "map[name:A]", func() error { return users(user(func(p *mfa.Principal) { p.Name = "A" })) }},
		{"a user's ID", mfa.CodeStorageFailed, "map[]", func() error { return users(user(func(p *mfa.Principal) { p.ID = ann.ID })) }},
		{"a user handle", mfa.CodeStorageFailed, "map[]", func() error { return users(user(func(p *mfa.Principal) { p.UserHandle = ann.UserHandle })) }},
		{"a rename", mfa.CodeNameTaken, "map[name:ANN]", func() error {
			bob := storetest.NewUser("bob")
			if err := s.AddPrincipal(ctx, bob, e); err != nil {
				return err
			}
			bob.Name = "ANN"
			return s.UpdatePrincipal(ctx, bob, e)
		}},
		{"a serial", mfa.CodeSerialTaken, "map[serial:gaht00000001]", func() error {
			return tokens(device(storetest.NewToken("x"), func(d *mfa.Device) { d.Serial = "gaht00000001" }))
		}},
		{"a serial twice in the list", mfa.CodeSerialTaken, "map[serial:AAAAAAAAA]", func() error {
			return tokens(device(storetest.NewToken("x"), func(d *mfa.Device) { d.Serial = "AAAAAAAAA" }))
		}},
		{"a serial of another kind", mfa.CodeSerialTaken, "map[serial:GAHT00000001]", func() error {
			return s.AddDevice(ctx, device(storetest.NewApp("ROOT", "second"), func(d *mfa.Device) { d.Serial = token.Serial }), e)
		}},
		{"a device's ID", mfa.CodeStorageFailed, "map[]", func() error {
			return tokens(device(storetest.NewToken("x"), func(d *mfa.Device) { d.ID = token.ID }))
		}},
		{"a device's name", mfa.CodeNameTaken, "map[name:APP]", func() error {
			return s.AssignDevice(ctx, device(token, func(d *mfa.Device) { d.PrincipalID, d.Name = ann.ID, "APP" }), e)
		}},
		{"a device's new name", mfa.CodeNameTaken, "map[name:APP]", func() error {
			return s.UpdateDevice(ctx, device(key, func(d *mfa.Device) { d.Name = "APP" }), e)
		}},
		{"a group's name", mfa.CodeNameTaken, "map[name:PILOTS]", func() error { return s.AddGroup(ctx, mfa.Group{ID: "H", Name: "PILOTS"}, e) }},
		{"a group's ID", mfa.CodeStorageFailed, "map[]", func() error { return s.AddGroup(ctx, mfa.Group{ID: "G", Name: "others"}, e) }},
		{"a slot's ID", mfa.CodeStorageFailed, "map[]", func() error {
			return s.ReplaceKeySlots(ctx, nil, []mfa.KeySlot{{ID: "S"}, {ID: "S"}}, e)
		}},
		{"a code of nobody", mfa.CodeNotFound, "map[what:principal]", func() error {
			return s.ReplaceRecoveryCodes(ctx, "NOBODY", []mfa.RecoveryCode{{ID: "C"}}, e)
		}},
		{"a passkey of nobody", mfa.CodeNotFound, "map[what:principal]", func() error { return s.AddDevice(ctx, storetest.NewPasskey("", "k2"), e) }},
		{"a kind that is none", mfa.CodeInvalidInput, "map[field:kind]", func() error {
			return s.AddDevice(ctx, device(storetest.NewApp("ROOT", "k3"), func(d *mfa.Device) { d.Kind = "sms" }), e)
		}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			before := everything(t, s)
			err := row.change()
			if !mfa.IsCode(err, row.code) || fmt.Sprint(mfa.AsFailure(err).Params) != row.params {
				t.Errorf("want %s %s, got %s %v", row.code, row.params, describe(err), mfa.AsFailure(err).Params)
			}
			if row.name == "a rename" {
				return // bob is new
			}
			if after := everything(t, s); after != before {
				t.Errorf("rows before and after:\n%s\n%s", before, after)
			}
		})
	}
	if err := s.VerifyChain(ctx); err != nil {
		t.Error(describe(err))
	}
}

// everything counts the rows of all tables.
func everything(t *testing.T, s *Store) (counts string) {
	t.Helper()
	tables, err := many(t.Context(), s, func(r row) (name string, err error) { return name, r.Scan(&name) },
		"SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
	if err != nil {
		t.Fatal(describe(err))
	}
	for _, name := range tables {
		var n int
		if err := s.reads.QueryRow("SELECT count(*) FROM " + name).Scan(&n); err != nil {
			t.Fatal(err)
		}
		counts += fmt.Sprintf("%s %d, ", name, n)
	}
	return counts
}
