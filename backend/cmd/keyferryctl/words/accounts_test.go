package words_test

import (
	"slices"
	"testing"

	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/words"
	"github.com/keyferry/keyferry/backend/mfa"
)

func TestAccountsAreListed(t *testing.T) {
	two := []mfa.FoundAccount{{Name: "bob", FullName: "Bob F."}, {Name: "ada", Mark: "61616161"}, {Mark: "62626262"}, {Name: "e\x1b[2J"}}
	rows := []string{"1  bob (Bob F.)", "2  ada, 61616161", "3  a passkey without a name, 62626262", "4  e\ufffd[2J"}
	for name, c := range map[string]struct {
		ask  mfa.AccountsAsk
		want string
	}{
		"a key":            {mfa.AccountsAsk{Key: "Blue\x1b"}, "There are several passkeys on Blue\ufffd. Choose whose it shall be"},
		"without a name":   {mfa.AccountsAsk{}, "There are several passkeys on your security key. Choose whose it shall be"},
		"on this computer": {mfa.AccountsAsk{Key: "Blue", Local: true}, "There are several passkeys on this computer. Choose whose it shall be"},
	} {
		c.ask.Accounts = two
		if got := words.Accounts(c.ask); !slices.Equal(got, append([]string{c.want}, rows...)) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
