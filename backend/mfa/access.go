package mfa

import "context"

// Operation is an action in IAM's spelling. Those that IAM does not know have the
// prefix keyferry.
type Operation string

const (
	OpCreateVirtualDevice Operation = "iam:CreateVirtualMFADevice"
	OpEnableDevice        Operation = "iam:EnableMFADevice"
	OpDeactivateDevice    Operation = "iam:DeactivateMFADevice"
	OpDeleteVirtualDevice Operation = "iam:DeleteVirtualMFADevice"
	OpResyncDevice        Operation = "iam:ResyncMFADevice"
	OpListDevices         Operation = "iam:ListMFADevices"
	OpListVirtualDevices  Operation = "iam:ListVirtualMFADevices"
	OpRenameDevice        Operation = "keyferry:RenameMFADevice"

	OpListUsers         Operation = "iam:ListUsers"
	OpCreateUser        Operation = "iam:CreateUser"
	OpUpdateUser        Operation = "iam:UpdateUser"
	OpDeleteUser        Operation = "iam:DeleteUser"
	OpSetPassword       Operation = "iam:UpdateLoginProfile"
	OpChangePassword    Operation = "iam:ChangePassword"
	OpCredentialReport  Operation = "iam:GetCredentialReport"
	OpChangeSettings    Operation = "keyferry:ChangeSettings"
	OpRehearse          Operation = "keyferry:RehearseEnforcement"
	OpImportTokens      Operation = "keyferry:ImportTokens"
	OpListTokens        Operation = "keyferry:ListTokens"
	OpDeleteToken       Operation = "keyferry:DeleteToken"
	OpReadActivity      Operation = "keyferry:ReadActivity"
	OpBackUp            Operation = "keyferry:BackUp"
	OpManageVault       Operation = "keyferry:ManageVault"
	OpMakeRecoveryCodes Operation = "keyferry:MakeRecoveryCodes"

	OpListPolicies   Operation = "iam:ListPolicies"
	OpCreatePolicy   Operation = "iam:CreatePolicy"
	OpUpdatePolicy   Operation = "iam:CreatePolicyVersion"
	OpDeletePolicy   Operation = "iam:DeletePolicy"
	OpSimulate       Operation = "iam:SimulatePrincipalPolicy"
	OpImportMetadata Operation = "keyferry:ImportMetadata"

	// Managed policies, and inline ones, are given and taken by operations of their own for
	// users and for groups.
	OpAttachUserPolicy  Operation = "iam:AttachUserPolicy"
	OpDetachUserPolicy  Operation = "iam:DetachUserPolicy"
	OpPutUserPolicy     Operation = "iam:PutUserPolicy"
	OpDeleteUserPolicy  Operation = "iam:DeleteUserPolicy"
	OpAttachGroupPolicy Operation = "iam:AttachGroupPolicy"
	OpDetachGroupPolicy Operation = "iam:DetachGroupPolicy"
	OpPutGroupPolicy    Operation = "iam:PutGroupPolicy"
	OpDeleteGroupPolicy Operation = "iam:DeleteGroupPolicy"

	OpListGroups      Operation = "iam:ListGroups"
	OpCreateGroup     Operation = "iam:CreateGroup"
	OpDeleteGroup     Operation = "iam:DeleteGroup"
	OpAddToGroup      Operation = "iam:AddUserToGroup"
	OpRemoveFromGroup Operation = "iam:RemoveUserFromGroup"
)

// Access is one question to the rules: may Caller, in this session, do this?
type Access struct {
	Operation Operation
	Caller    Principal
	Session   Session
	Target    Principal // whom it is done to; the caller for what concerns the account
	Resource  string    // the ARN that IAM checks the operation against; "*" where it names none
	// Registering is set when a FIDO authenticator is to be added.
	Registering *Registration
}

// OnSelf reports that the caller acts on themselves.
func (a Access) OnSelf() bool { return a.Caller.ID == a.Target.ID }

// Rules decide who may do what. Allow fails with access-denied.
type Rules interface {
	Allow(ctx context.Context, a Access) error
}

// Group is a set of users.
type Group struct {
	ID      string
	Name    string // see CheckName; unique without case
	Path    string
	Version int64
}

// Attachment is a managed policy attached to a user or to a group; exactly one of
// the two is set.
type Attachment struct {
	Policy      string
	PrincipalID string
	GroupID     string
}
