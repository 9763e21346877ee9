// Package rules answers "who may do what" from policies: it is mfa.Rules over what
// mfa.Store grants to the caller, in the language of package policy.
//
// It finds what holds for somebody, makes it ready once for each content (set.go), puts
// a question into the policy language (request.go), and turns the answer into
// access-denied with the statement that decided (rules.go). Root is exempt. A stored
// policy that cannot be read denies everything to those for whom it holds.
//
// It never says what holds whatever policies say (nobody but root touches root, an MFA
// session for changes to one's own devices, a session that may only set up a device):
// that is account.MayDo. It never caches what is granted, so that a policy that is taken
// away is gone at once; asking the store costs about a tenth of a millisecond.
//
// Followed: AWS IAM User Guide, "Policy evaluation logic" (one account, identity
// policies), "AWS global condition context keys", "IAM and STS condition context keys".
package rules
