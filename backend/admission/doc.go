// Package admission answers questions about the policies of an account before a
// refusal does: what becomes of this model for this person (pre-flight), which ways to
// add a device are open, which models of the metadata a policy lets in and why not the
// others, and, after a refusal, what was needed and what the device brought.
//
// An answer is what the ceremony would decide: the same policies, the same metadata,
// the same guard against Windows Hello. It changes nothing and writes no event.
//
// Reading order: service.go (whose rules), preflight.go, ways.go, admits.go, csv.go,
// needs.go, refusal.go; offline.go for where there is no account.
package admission
