// Package policies is the use cases around policies: managed ones and their
// attachments, inline ones, what holds for whom, and templates to begin with.
//
// It never decides who may do what: that is package rules behind account.MayDo, which
// every use case here asks first. It does not read the language either, but has package
// policy parse what is stored, and package lint look at what is written.
//
// # Quotas
//
// IAM's: 6144 characters for a managed policy, 2048 for all inline policies of a user
// together and 5120 for a group's, white space not counted; 1500 managed policies, 20
// attached ones and 20 inline ones for each owner. Counts are the store's, sizes are held
// here.
//
// # Locking everybody out
//
// A change that takes the management of policies from somebody fails with
// policy-lockout if no user is left who has it, unless the caller says that this is
// meant. What managing means stands in lockout.go. Root always can, so nothing is lost
// for good: the refusal is for accounts whose root is kept in a safe.
//
// Policies are not the only thing to lose it by. Groups, administrators, users and their
// passwords are package account's, which does such changes through the same Watch. There
// nobody can say that a lock-out is meant, so that root alone can bring one about.
//
// Followed: IAM API reference (CreatePolicy, CreatePolicyVersion, AttachUserPolicy,
// PutUserPolicy and their twins for groups), AWS IAM User Guide, "IAM and AWS STS
// quotas", "Supported configurations for using passkeys and security keys" (the first
// four templates), "Enable a FIDO security key" (self-management), "Resynchronize virtual
// and hardware MFA devices" (resync).
//
// Reading order: service.go, owner.go (attaching, inline policies), lockout.go,
// groups.go, templates.go.
package policies
