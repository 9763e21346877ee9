package virtualauth

// Op is what a request wants.
type Op int

const (
	OpCreate Op = iota + 1 // makeCredential
	OpGet                  // getAssertion
	OpSelect               // authenticatorSelection: "is it this one?"
	OpReset                // forget everything
	OpVerify               // a token by built-in user verification
)

// Prompt is what the person is asked. All text comes from the relying party.
type Prompt struct {
	Op              Op
	RPID            string // "" when nobody said: OpSelect, OpReset, mostly OpVerify, and U2F
	RPName          string // at OpGet: as it was when the credential was made
	UserName        string // at OpGet: of Accounts[0]
	UserDisplayName string
	Accounts        []Account // OpGet: the credentials that fit, newest first; at least one
	Verify          bool      // user verification is required
	For             Op        // at OpVerify: what the token is wanted for, OpCreate, OpGet or 0
	// Excluded says, at OpCreate, that the relying party knows a credential of
	// this authenticator already: whatever is answered, none is made.
	Excluded bool
}

// Account is one credential to choose from.
type Account struct {
	CredentialID    []byte
	UserName        string
	UserDisplayName string
}

// Decision is the person's answer.
type Decision struct {
	Approve  bool // false: status 0x27
	Verified bool // the person was verified (screen lock, fingerprint)
	Choose   int  // index into Prompt.Accounts, where ChoosesAccount
}
