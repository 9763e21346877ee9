package mfa

import "time"

// RegistrationStep is a value of iam:RegisterSecurityKey: the two checks of one
// FIDO registration.
type RegistrationStep string

const (
	StepCreate   RegistrationStep = "Create"   // before anything is touched: nothing is known of the authenticator
	StepActivate RegistrationStep = "Activate" // after it was verified: with the certificates it really has
)

// Registration is what a question to the rules says about a FIDO authenticator.
// Devices with codes have none: the condition keys are then absent.
type Registration struct {
	Step RegistrationStep
	Certificates
}

// Managed policies that every account has. They can be detached, not changed.
const (
	AdministratorAccess = "AdministratorAccess" // everything
	// ManageOwnDevices lets a user list, rename, resync and remove their own devices,
	// and change their password. New users have it.
	ManageOwnDevices = "ManageOwnDevices"
	// EnableAnyDevice lets a user add any device to themselves. New users have it, unless
	// Settings.NewUsersAnyDevice is off; take it away to let a certification policy decide.
	EnableAnyDevice = "EnableAnyDevice"
)

// MaxPolicies is how many managed policies an account may hold, MaxAttached how many
// may be attached to one user or group (IAM's quotas), MaxInline how many inline
// policies one of them may have.
const (
	MaxPolicies = 1500
	MaxAttached = 20
	MaxInline   = 20
)

// Policy is a managed policy: a document of the IAM policy language under a name.
type Policy struct {
	Name      string // see CheckPolicyName; unique without case
	Path      string
	Document  string // JSON
	BuiltIn   bool   // cannot be changed or deleted
	CreatedAt time.Time
	UpdatedAt time.Time
	Version   int64
	Attached  int // to how many users and groups; set by a store
}

// InlinePolicy belongs to one user or one group; exactly one of the two is set.
type InlinePolicy struct {
	PrincipalID string
	GroupID     string
	Name        string // unique for its owner
	Document    string
}

// GrantedPolicy is one of the policies that hold for a user.
type GrantedPolicy struct {
	Name     string
	Inline   bool
	Group    string // name of the group it comes through; empty: the user's own
	Document string
}

// FirstPolicies are those that new users have by default.
var FirstPolicies = []string{ManageOwnDevices, EnableAnyDevice}

// FirstPolicies are those that new users have with these settings.
func (s Settings) FirstPolicies() []string {
	if s.NewUsersAnyDevice {
		return FirstPolicies
	}
	return []string{ManageOwnDevices}
}

// BuiltInPolicies are the managed policies of a new account, by name. A user is named
// by the last part of an ARN, so ${aws:username} with a path before it is still nobody
// but the user: a name has no slash, and there is only one of it in an account.
func BuiltInPolicies() []Policy {
	own := `"Resource":["arn:aws:iam::*:user/${aws:username}","arn:aws:iam::*:user/*/${aws:username}"]`
	document := func(statements string) string {
		return `{"Version":"2012-10-17","Statement":[` + statements + `]}`
	}
	return []Policy{
		{Name: AdministratorAccess, Path: RootPath, BuiltIn: true, Version: 1,
			Document: document(`{"Effect":"Allow","Action":"*","Resource":"*"}`)},
		{Name: EnableAnyDevice, Path: RootPath, BuiltIn: true, Version: 1,
			Document: document(`{"Sid":"EnableOwn","Effect":"Allow","Action":"iam:EnableMFADevice",` + own + `},` +
				`{"Sid":"CreateVirtual","Effect":"Allow","Action":"iam:CreateVirtualMFADevice","Resource":"arn:aws:iam::*:mfa/*"}`)},
		{Name: ManageOwnDevices, Path: RootPath, BuiltIn: true, Version: 1,
			Document: document(`{"Sid":"ManageOwn","Effect":"Allow","Action":["iam:ListMFADevices","iam:ResyncMFADevice","iam:DeactivateMFADevice",` +
				`"keyferry:RenameMFADevice","iam:ChangePassword"],` + own + `},` +
				`{"Sid":"DeleteVirtual","Effect":"Allow","Action":"iam:DeleteVirtualMFADevice","Resource":"arn:aws:iam::*:mfa/*"}`)},
	}
}
