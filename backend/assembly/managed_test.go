package assembly

import (
	"testing"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
)

// The use cases of a house share one watch: what package account does is refused, too,
// when it leaves nobody but root.
func TestHouseStaysManaged(t *testing.T) {
	dir := t.TempDir()
	h, err := Open(t.Context(), Config{Home: dir, Secrets: nobody(dir), Cheap: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	_, r, err := h.Accounts.Create(t.Context(), account.NewAccount{Alias: "acme-lab", Email: "root@example.org", Password: password()})
	if err != nil {
		t.Fatal(err)
	}
	add := func(n account.NewUser) mfa.Overview {
		n.Password = password()
		o, err := h.Accounts.AddUser(t.Context(), mfa.Session{PrincipalID: r.ID}, n)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	admin, helper := add(account.NewUser{Name: "admin", Administrator: true}), add(account.NewUser{Name: "helper"})
	err = h.Policies.PutInline(t.Context(), mfa.Session{PrincipalID: r.ID}, mfa.InlinePolicy{PrincipalID: helper.ID, Name: "Help",
		Document: `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:DeleteUser","Resource":"*"}}`}, false)
	if err != nil {
		t.Fatal(err)
	}
	err = h.Accounts.RemoveUser(t.Context(), mfa.Session{PrincipalID: helper.ID}, admin.ID, admin.Version, true)
	if !mfa.IsCode(err, mfa.CodePolicyLockout) {
		t.Errorf("the last administrator was removed: %v", err)
	}
}
