package account

import "github.com/keyferry/keyferry/backend/mfa"

// actsOn is what policies are held against, as in IAM's service authorisation
// reference; operations of this product follow the nearest one of IAM. A test walks all
// operations.
var actsOn = map[mfa.Operation]func(mfa.Account, mfa.Principal) string{
	mfa.OpCreateVirtualDevice: aDevice, // Ask.Resource has its name
	mfa.OpDeleteVirtualDevice: aDevice,
	mfa.OpEnableDevice:        mfa.PrincipalARN,
	mfa.OpDeactivateDevice:    mfa.PrincipalARN,
	mfa.OpResyncDevice:        mfa.PrincipalARN,
	mfa.OpListDevices:         mfa.PrincipalARN,
	mfa.OpRenameDevice:        mfa.PrincipalARN,
	mfa.OpListVirtualDevices:  everything,

	mfa.OpListUsers:         everything,
	mfa.OpCreateUser:        aUser, // Ask.Resource has the name
	mfa.OpUpdateUser:        mfa.PrincipalARN,
	mfa.OpDeleteUser:        mfa.PrincipalARN,
	mfa.OpSetPassword:       mfa.PrincipalARN,
	mfa.OpChangePassword:    mfa.PrincipalARN,
	mfa.OpMakeRecoveryCodes: mfa.PrincipalARN,
	mfa.OpCredentialReport:  everything,
	mfa.OpChangeSettings:    everything,
	mfa.OpRehearse:          everything,
	mfa.OpImportTokens:      everything,
	mfa.OpListTokens:        everything,
	mfa.OpDeleteToken:       everything,
	mfa.OpReadActivity:      everything,
	mfa.OpBackUp:            everything,
	mfa.OpManageVault:       everything,

	mfa.OpListPolicies:   everything,
	mfa.OpCreatePolicy:   aPolicy, // Ask.Resource has the name
	mfa.OpUpdatePolicy:   aPolicy,
	mfa.OpDeletePolicy:   aPolicy,
	mfa.OpSimulate:       mfa.PrincipalARN,
	mfa.OpImportMetadata: everything,

	mfa.OpAttachUserPolicy:  mfa.PrincipalARN,
	mfa.OpDetachUserPolicy:  mfa.PrincipalARN,
	mfa.OpPutUserPolicy:     mfa.PrincipalARN,
	mfa.OpDeleteUserPolicy:  mfa.PrincipalARN,
	mfa.OpAttachGroupPolicy: aGroup, // Ask.Resource has the name
	mfa.OpDetachGroupPolicy: aGroup,
	mfa.OpPutGroupPolicy:    aGroup,
	mfa.OpDeleteGroupPolicy: aGroup,

	mfa.OpListGroups:      everything,
	mfa.OpCreateGroup:     aGroup,
	mfa.OpDeleteGroup:     aGroup,
	mfa.OpAddToGroup:      aGroup, // and not the user
	mfa.OpRemoveFromGroup: aGroup,
}

// Resource is what an operation acts on when nobody says more. An operation that is not
// in the table acts on everything, so that only policies for everything allow it.
func Resource(a mfa.Account, op mfa.Operation, target mfa.Principal) string {
	if on, known := actsOn[op]; known {
		return on(a, target)
	}
	return "*"
}

func everything(mfa.Account, mfa.Principal) string { return "*" }

// The ARNs of one that has no name (yet): patterns for all of its kind match them.
func aDevice(a mfa.Account, _ mfa.Principal) string { return mfa.VirtualARN(a, "") }
func aUser(a mfa.Account, _ mfa.Principal) string {
	return mfa.PrincipalARN(a, mfa.Principal{Kind: mfa.User})
}
func aGroup(a mfa.Account, _ mfa.Principal) string  { return mfa.GroupARN(a, mfa.Group{}) }
func aPolicy(a mfa.Account, _ mfa.Principal) string { return mfa.PolicyARN(a, "", "") }
