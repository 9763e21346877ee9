package bind

// The values that cross to the page, as frontend/src/api/contract.ts has them;
// a test holds the two against each other. Times are Unix milliseconds, 0 is
// never. Lists are never null.

// FailureDTO is what a failed call rejects with.
type FailureDTO struct {
	Code     string            `json:"code"`
	Category string            `json:"category"`
	Next     string            `json:"next"`
	Params   map[string]string `json:"params"`
	Detail   string            `json:"detail"`
}

// StateDTO is where the person is.
type StateDTO struct {
	Phase        string       `json:"phase"`
	Sandbox      bool         `json:"sandbox"`
	HasSandbox   bool         `json:"hasSandbox"`
	Account      *AccountDTO  `json:"account"`
	Session      *SessionDTO  `json:"session"`
	Failure      *FailureDTO  `json:"failure"`
	Version      string       `json:"version"`
	System       string       `json:"system"`
	LastIdentity *IdentityDTO `json:"lastIdentity"`
	Backups      []string     `json:"backups"`
}

// AccountDTO is the open account.
type AccountDTO struct {
	ID      string `json:"id"`
	Alias   string `json:"alias"`
	RPID    string `json:"rpId"`
	Frozen  bool   `json:"frozen"`
	Sandbox bool   `json:"sandbox"`
}

// SessionDTO is who is signed in.
type SessionDTO struct {
	Principal  string `json:"principal"`
	Kind       string `json:"kind"`
	StartedAt  int64  `json:"startedAt"`
	MFAAt      int64  `json:"mfaAt"`
	MFAPresent bool   `json:"mfaPresent"`
	Device     string `json:"device"`
}

// IdentityDTO is what somebody types to say who they are.
type IdentityDTO struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// DeviceDTO is one MFA device.
type DeviceDTO struct {
	ID           string   `json:"id"`
	Version      int64    `json:"version"`
	Name         string   `json:"name"`
	Kind         string   `json:"kind"`
	Provider     string   `json:"provider"`
	AAGUID       string   `json:"aaguid"`
	AddedAt      int64    `json:"addedAt"`
	LastUsedAt   int64    `json:"lastUsedAt"`
	Synced       bool     `json:"synced"`
	OnPhone      bool     `json:"onPhone"`
	SuspectAt    int64    `json:"suspectAt"`
	Serial       string   `json:"serial"`
	RPID         string   `json:"rpId"`
	Algorithm    string   `json:"algorithm"`
	Transports   []string `json:"transports"`
	Attestation  string   `json:"attestation"`
	SignCount    uint32   `json:"signCount"`
	UserVerified bool     `json:"userVerified"`
}

// LinkedPhoneDTO is a phone that can be rung without a code.
type LinkedPhoneDTO struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	CreatedAt int64  `json:"createdAt"`
}

// SignInDTO is what follows a right password.
type SignInDTO struct {
	Complete bool             `json:"complete"`
	State    StateDTO         `json:"state"`
	Ways     []string         `json:"ways"`
	Devices  []string         `json:"devices"`
	Linked   []LinkedPhoneDTO `json:"linked"`
}

// CeremonyDTO is the running ceremony, or the last one.
type CeremonyDTO struct {
	ID        int           `json:"id"`
	Purpose   string        `json:"purpose"`
	Name      string        `json:"name"`
	Stage     string        `json:"stage"`
	Reached   []string      `json:"reached"`
	QR        *QRDTO        `json:"qr"`
	Until     int64         `json:"until"`
	Radio     string        `json:"radio"`
	Signal    int           `json:"signal"`
	Candidate *CandidateDTO `json:"candidate"`
	Device    *DeviceDTO    `json:"device"`
	State     *StateDTO     `json:"state"`
	Failure   *FailureDTO   `json:"failure"`
}

// QRDTO is a code's modules without the quiet zone.
type QRDTO struct {
	Size int      `json:"size"`
	Rows []string `json:"rows"`
}

// CandidateDTO is a passkey that the person has not accepted yet.
type CandidateDTO struct {
	Provider string `json:"provider"`
	AAGUID   string `json:"aaguid"`
	Synced   bool   `json:"synced"`
	OnPhone  bool   `json:"onPhone"`
}

// SimPhoneDTO is what the simulated phone's screen shows.
type SimPhoneDTO struct {
	State      string      `json:"state"`
	Model      string      `json:"model"`
	Behaviour  string      `json:"behaviour"`
	Behaviours []string    `json:"behaviours"`
	Op         string      `json:"op"`
	RPID       string      `json:"rpId"`
	Account    string      `json:"account"`
	Failure    *FailureDTO `json:"failure"`
	Name       string      `json:"name"`
}

// CreateAccountRequest asks for an account; an empty RPID is the default one.
type CreateAccountRequest struct {
	Alias    string   `json:"alias"`
	Email    string   `json:"email"`
	RPID     string   `json:"rpId"`
	Password Password `json:"password"`
}

// SignInRequest is the first factor.
type SignInRequest struct {
	Identity IdentityDTO `json:"identity"`
	Password Password    `json:"password"`
}

// RenameDeviceRequest renames a device that was seen at Version.
type RenameDeviceRequest struct {
	ID      string `json:"id"`
	Version int64  `json:"version"`
	Name    string `json:"name"`
}

// RemoveDeviceRequest removes a device that was seen at Version.
type RemoveDeviceRequest struct {
	ID      string `json:"id"`
	Version int64  `json:"version"`
}

// EnrolmentRequest starts adding a phone.
type EnrolmentRequest struct {
	Name string `json:"name"`
}

// PhoneSignInRequest starts the second factor; LinkedID is empty for a code.
type PhoneSignInRequest struct {
	LinkedID string `json:"linkedId"`
}

// SetPhoneRequest chooses what the simulated phone does next.
type SetPhoneRequest struct {
	Behaviour string `json:"behaviour"`
	Model     string `json:"model"`
}
