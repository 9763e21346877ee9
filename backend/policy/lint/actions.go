package lint

import (
	"slices"
	"strings"
	"sync"

	"github.com/keyferry/keyferry/backend/mfa"
)

// actionsOn are IAM's actions by what they act on (AWS service authorisation
// reference, "AWS Identity and Access Management"): the first part of the last
// segment of the ARN, or nothing where an action knows no resource and is held
// against "*". Those under "other" act on what this product does not have, and are
// here so that they are not taken for misspelt.
var actionsOn = map[string]string{
	"user": `EnableMFADevice DeactivateMFADevice ResyncMFADevice ListMFADevices GetMFADevice
		GetUser CreateUser UpdateUser DeleteUser TagUser UntagUser ListUserTags ListGroupsForUser
		GetLoginProfile CreateLoginProfile UpdateLoginProfile DeleteLoginProfile ChangePassword
		AttachUserPolicy DetachUserPolicy PutUserPolicy GetUserPolicy DeleteUserPolicy ListUserPolicies ListAttachedUserPolicies
		PutUserPermissionsBoundary DeleteUserPermissionsBoundary
		CreateAccessKey UpdateAccessKey DeleteAccessKey ListAccessKeys
		ListSigningCertificates UploadSigningCertificate UpdateSigningCertificate DeleteSigningCertificate
		ListSSHPublicKeys GetSSHPublicKey UploadSSHPublicKey UpdateSSHPublicKey DeleteSSHPublicKey
		CreateServiceSpecificCredential ListServiceSpecificCredentials ResetServiceSpecificCredential
		UpdateServiceSpecificCredential DeleteServiceSpecificCredential`,
	"mfa":         `CreateVirtualMFADevice TagMFADevice UntagMFADevice ListMFADeviceTags`,
	"mfa sms-mfa": `DeleteVirtualMFADevice`,
	"group": `AddUserToGroup RemoveUserFromGroup CreateGroup DeleteGroup GetGroup UpdateGroup
		AttachGroupPolicy DetachGroupPolicy PutGroupPolicy GetGroupPolicy DeleteGroupPolicy
		ListGroupPolicies ListAttachedGroupPolicies`,
	"policy": `CreatePolicy CreatePolicyVersion DeletePolicy DeletePolicyVersion GetPolicy GetPolicyVersion
		ListPolicyVersions SetDefaultPolicyVersion ListEntitiesForPolicy TagPolicy UntagPolicy ListPolicyTags`,
	"user group role": `SimulatePrincipalPolicy GetContextKeysForPrincipalPolicy GenerateServiceLastAccessedDetails
		ListPoliciesGrantingServiceAccess`,
	"": `ListVirtualMFADevices ListUsers ListGroups ListPolicies ListRoles ListInstanceProfiles
		ListServerCertificates ListSAMLProviders ListOpenIDConnectProviders
		GetAccountSummary GetAccountName GetAccountAuthorizationDetails GetAccountEmailAddress
		GetCredentialReport GenerateCredentialReport
		GetAccountPasswordPolicy UpdateAccountPasswordPolicy DeleteAccountPasswordPolicy
		ListAccountAliases CreateAccountAlias DeleteAccountAlias SetSecurityTokenServicePreferences
		SimulateCustomPolicy GetContextKeysForCustomPolicy GetServiceLastAccessedDetails
		GetServiceLastAccessedDetailsWithEntities`,
	"other": `CreateRole GetRole UpdateRole DeleteRole TagRole UntagRole ListRoleTags PassRole UpdateRoleDescription
		UpdateAssumeRolePolicy AttachRolePolicy DetachRolePolicy PutRolePolicy GetRolePolicy DeleteRolePolicy
		ListRolePolicies ListAttachedRolePolicies PutRolePermissionsBoundary DeleteRolePermissionsBoundary
		CreateServiceLinkedRole DeleteServiceLinkedRole GetServiceLinkedRoleDeletionStatus
		CreateInstanceProfile GetInstanceProfile DeleteInstanceProfile AddRoleToInstanceProfile
		RemoveRoleFromInstanceProfile ListInstanceProfilesForRole TagInstanceProfile UntagInstanceProfile
		ListInstanceProfileTags CreateSAMLProvider GetSAMLProvider UpdateSAMLProvider DeleteSAMLProvider
		TagSAMLProvider UntagSAMLProvider ListSAMLProviderTags CreateOpenIDConnectProvider
		GetOpenIDConnectProvider DeleteOpenIDConnectProvider AddClientIDToOpenIDConnectProvider
		RemoveClientIDFromOpenIDConnectProvider UpdateOpenIDConnectProviderThumbprint
		TagOpenIDConnectProvider UntagOpenIDConnectProvider ListOpenIDConnectProviderTags
		UploadServerCertificate GetServerCertificate UpdateServerCertificate DeleteServerCertificate
		TagServerCertificate UntagServerCertificate ListServerCertificateTags
		GetAccessKeyLastUsed CreateCloudFrontPublicKey DeleteCloudFrontPublicKey GetCloudFrontPublicKey
		ListCloudFrontPublicKeys UpdateCloudFrontPublicKey ListSTSRegionalEndpointsStatus
		SetSTSRegionalEndpointStatus GenerateOrganizationsAccessReport GetOrganizationsAccessReport
		UpdateAccountName UpdateAccountEmailAddress ListOrganizationsFeatures
		EnableOrganizationsRootCredentialsManagement DisableOrganizationsRootCredentialsManagement
		EnableOrganizationsRootSessions DisableOrganizationsRootSessions`,
}

// asked are the actions that this product asks policies about, with what those of
// its own act on.
var asked = map[mfa.Operation][]string{
	mfa.OpCreateVirtualDevice: nil, mfa.OpEnableDevice: nil, mfa.OpDeactivateDevice: nil, mfa.OpDeleteVirtualDevice: nil,
	mfa.OpResyncDevice: nil, mfa.OpListDevices: nil, mfa.OpListVirtualDevices: nil, mfa.OpListUsers: nil, mfa.OpCreateUser: nil,
	mfa.OpUpdateUser: nil, mfa.OpDeleteUser: nil, mfa.OpSetPassword: nil, mfa.OpChangePassword: nil,
	mfa.OpCredentialReport: nil, mfa.OpListPolicies: nil, mfa.OpCreatePolicy: nil,
	mfa.OpUpdatePolicy: nil, mfa.OpDeletePolicy: nil, mfa.OpSimulate: nil,
	mfa.OpAttachUserPolicy: nil, mfa.OpDetachUserPolicy: nil, mfa.OpPutUserPolicy: nil, mfa.OpDeleteUserPolicy: nil,
	mfa.OpAttachGroupPolicy: nil, mfa.OpDetachGroupPolicy: nil, mfa.OpPutGroupPolicy: nil, mfa.OpDeleteGroupPolicy: nil,
	mfa.OpListGroups: nil, mfa.OpCreateGroup: nil, mfa.OpDeleteGroup: nil, mfa.OpAddToGroup: nil, mfa.OpRemoveFromGroup: nil,

	mfa.OpRenameDevice: {"user"}, mfa.OpMakeRecoveryCodes: {"user"},
	mfa.OpChangeSettings: {}, mfa.OpRehearse: {}, mfa.OpImportTokens: {}, mfa.OpListTokens: {}, mfa.OpDeleteToken: {},
	mfa.OpReadActivity: {}, mfa.OpBackUp: {}, mfa.OpManageVault: {}, mfa.OpImportMetadata: {},
}

// action is an action that exists.
type action struct {
	name  string
	on    []string // empty: it knows no resource
	other bool     // on what is not known here
	asked bool
}

// actions are all that exist, by name without case. This table and its like are made
// when somebody first writes a policy: a window that is only opened goes without them.
var actions = sync.OnceValue(func() map[string]action {
	out := map[string]action{}
	for on, names := range actionsOn {
		for _, n := range strings.Fields(names) {
			a := action{name: "iam:" + n, on: strings.Fields(on), other: on == "other"}
			out[strings.ToLower(a.name)] = a
		}
	}
	for op, on := range asked {
		a, known := out[strings.ToLower(string(op))]
		if !known {
			a = action{name: string(op), on: on}
		}
		a.asked = true
		out[strings.ToLower(a.name)] = a
	}
	return out
})

var actionNames = sync.OnceValue(func() []string { return names(actions(), func(a action) string { return a.name }) })

func names[T any](of map[string]T, name func(T) string) []string {
	var out []string
	for _, t := range of {
		out = append(out, name(t))
	}
	slices.Sort(out)
	return out
}
