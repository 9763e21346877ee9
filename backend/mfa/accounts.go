package mfa

import "context"

// FoundAccount is one of several passkeys of the relying party on one authenticator, as
// the authenticator tells of it. Both names come from outside: they are one line of
// printable characters each, at most 64.
type FoundAccount struct {
	Name     string // user.name, or user.displayName where that is all there is; empty where nothing was told
	FullName string // user.displayName; empty where it is the same, or was not told
	// Mark tells it from others that are called the same, or nothing: hexadecimal
	// digits, at least 8, with which the credential ID begins. Empty where the names do.
	Mark string
}

// AccountsAsk is the question whose passkey it shall be (CTAP 2.1 section 6.2.3).
type AccountsAsk struct {
	Key      string // the device's name
	Local    bool   // it is this computer's, not a key's
	Accounts []FoundAccount
}

// ChooseAccount asks the person, and gives the index of one of ask.Accounts; any index
// with an error when the person cancelled or ctx ended.
type ChooseAccount func(ctx context.Context, ask AccountsAsk) (int, error)
