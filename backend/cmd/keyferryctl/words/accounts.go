package words

import (
	"strconv"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Accounts lists whose passkeys were found, numbered from 1, under a line that says so.
func Accounts(ask mfa.AccountsAsk) []string {
	where := "your security key"
	switch {
	case ask.Local:
		where = "this computer"
	case ask.Key != "":
		where = ask.Key
	}
	lines := []string{fill("There are several passkeys on {where}. Choose whose it shall be", map[string]string{"where": where})}
	for i, a := range ask.Accounts {
		lines = append(lines, strconv.Itoa(i+1)+"  "+account(a))
	}
	return lines
}

// account is one of them in a line.
func account(a mfa.FoundAccount) string {
	line := printable(a.Name)
	if line == "" {
		line = "a passkey without a name"
	}
	if a.FullName != "" {
		line += " (" + printable(a.FullName) + ")"
	}
	if a.Mark != "" {
		line += ", " + printable(a.Mark)
	}
	return line
}
