package account

import (
	"context"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

func TestMay(t *testing.T) {
	o := newOffice(t)
	gone := o.user(t, NewUser{Name: "gone"})
	if err := o.RemoveUser(t.Context(), o.root, gone.ID, 1, false); err != nil {
		t.Fatal(err)
	}
	owner := o.user(t, NewUser{Name: "owner"}).ID
	o.add(t, device(owner, "owners"))
	o.add(t, device(o.admin.PrincipalID, "admins"))

	session := func(id string, bend ...func(*mfa.Session)) mfa.Session {
		s := mfa.Session{PrincipalID: id}
		for _, b := range bend {
			b(&s)
		}
		return s
	}
	proven := func(s *mfa.Session) { s.MFAAt = o.now }
	recovered := func(s *mfa.Session) { s.RecoveredAt = o.now }
	setUp := func(s *mfa.Session) { s.Limit = mfa.LimitSetUpDevice }
	newPassword := func(s *mfa.Session) { s.Limit = mfa.LimitNewPassword }
	alice, admin, root := o.alice.PrincipalID, o.admin.PrincipalID, o.root.PrincipalID

	for _, row := range []struct {
		name   string
		who    mfa.Session
		op     mfa.Operation
		target string
		code   mfa.Code // empty: allowed
	}{
		{"nobody", session(""), mfa.OpListDevices, "", mfa.CodeNotSignedIn},
		{"somebody who was removed", session(gone.ID), mfa.OpListDevices, "", mfa.CodeNotSignedIn},
		{"to somebody who was removed", session(admin), mfa.OpListDevices, gone.ID, mfa.CodeNotFound},
		{"to somebody unknown, by a user", session(alice), mfa.OpListDevices, "nobody", mfa.CodeAccessDenied},
		{"to somebody who was removed, by a user", session(alice), mfa.OpUpdateUser, gone.ID, mfa.CodeAccessDenied},
		{"set up: to somebody unknown", session(admin, setUp), mfa.OpListDevices, "nobody", mfa.CodeSetUpNeeded},

		{"first device", session(alice), mfa.OpEnableDevice, "", ""},
		{"second device by password", session(owner), mfa.OpEnableDevice, "", mfa.CodeMFANeeded},
		{"second device, named oneself", session(owner), mfa.OpEnableDevice, owner, mfa.CodeMFANeeded},
		{"second device with the first", session(owner, proven), mfa.OpEnableDevice, "", ""},
		{"second device with a printed code", session(owner, recovered), mfa.OpEnableDevice, "", ""},
		{"a new app by password", session(owner), mfa.OpCreateVirtualDevice, "", mfa.CodeMFANeeded},
		{"removing by password", session(owner), mfa.OpDeactivateDevice, "", mfa.CodeMFANeeded},
		{"renaming by password", session(owner), mfa.OpRenameDevice, "", mfa.CodeMFANeeded},
		{"resynchronising by password", session(owner), mfa.OpResyncDevice, "", mfa.CodeMFANeeded},
		{"deleting by password", session(owner), mfa.OpDeleteVirtualDevice, "", mfa.CodeMFANeeded},
		{"listing by password", session(owner), mfa.OpListDevices, "", ""},
		{"new password by password", session(owner), mfa.OpChangePassword, "", ""},
		{"an administrator for somebody else, by password", session(admin), mfa.OpDeactivateDevice, owner, ""},
		{"an administrator for themselves, by password", session(admin), mfa.OpDeactivateDevice, "", mfa.CodeMFANeeded},
		{"root's codes, no device yet", session(root), mfa.OpMakeRecoveryCodes, "", ""},

		{"set up: a device", session(alice, setUp), mfa.OpEnableDevice, "", ""},
		{"set up: an app", session(alice, setUp), mfa.OpCreateVirtualDevice, "", ""},
		{"set up: remove a suspect device, by password", session(owner, setUp), mfa.OpDeactivateDevice, "", mfa.CodeMFANeeded},
		{"set up: remove a suspect device, with a printed code", session(owner, setUp, recovered), mfa.OpDeactivateDevice, "", ""},
		{"set up: see one's devices", session(alice, setUp), mfa.OpListDevices, "", ""},
		{"set up: a new password", session(alice, setUp), mfa.OpChangePassword, "", mfa.CodeSetUpNeeded},
		{"set up: another's device", session(admin, setUp), mfa.OpEnableDevice, owner, mfa.CodeSetUpNeeded},
		{"set up: list users", session(admin, setUp), mfa.OpListUsers, "", mfa.CodeSetUpNeeded},
		{"set up: root's settings", session(root, setUp), mfa.OpChangeSettings, "", mfa.CodeSetUpNeeded},
		{"set up: a denied operation tells no more", session(alice, setUp), mfa.OpListUsers, "", mfa.CodeSetUpNeeded},

		{"new password: change it", session(alice, newPassword), mfa.OpChangePassword, "", ""},
		{"new password: add a device", session(alice, newPassword), mfa.OpEnableDevice, "", mfa.CodeChangeNeeded},
		{"new password: list devices", session(alice, newPassword), mfa.OpListDevices, "", mfa.CodeChangeNeeded},
		{"new password: list users", session(admin, newPassword), mfa.OpListUsers, "", mfa.CodeChangeNeeded},
		{"new password: of somebody else", session(admin, newPassword), mfa.OpChangePassword, owner, mfa.CodeChangeNeeded},

		{"a user to somebody else", session(alice, proven), mfa.OpListDevices, owner, mfa.CodeAccessDenied},
		{"an administrator to root", session(admin, proven), mfa.OpListDevices, root, mfa.CodeAccessDenied},
	} {
		t.Run(row.name, func(t *testing.T) {
			acting, err := o.May(t.Context(), row.who, row.op, row.target)
			if row.code != "" {
				wants(t, err, row.code)
				return
			}
			target := row.target
			if target == "" {
				target = row.who.PrincipalID
			}
			if err != nil || acting.Caller.ID != row.who.PrincipalID || acting.Target.ID != target || acting.Session != row.who || acting.Account.ID == "" {
				t.Errorf("%+v, %v", acting, err)
			}
		})
	}
}

// What the rules are asked about is IAM's: the user, not the device.
func TestMayAsksForTheUser(t *testing.T) {
	o := newOffice(t)
	var asked mfa.Access
	o.rules = rulesFunc(func(a mfa.Access) error { asked = a; return nil })
	acting, err := o.May(t.Context(), o.alice, mfa.OpEnableDevice, o.admin.PrincipalID)
	if want := "arn:aws:iam::" + acting.Account.ID + ":user/Admin"; err != nil || asked.Resource != want || asked.OnSelf() || asked.Session != o.alice {
		t.Errorf("asked %+v, want the resource %s, %v", asked, want, err)
	}
}

type rulesFunc func(mfa.Access) error

func (f rulesFunc) Allow(_ context.Context, a mfa.Access) error { return f(a) }
