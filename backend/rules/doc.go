// Package rules is the built-in answer to "who may do what": root and
// administrators manage everything, users manage themselves, and nobody but root
// touches root.
//
// It is one implementation of mfa.Rules and the only place that knows it; an
// evaluation of policy documents can take its place in assembly. What holds
// whatever the rules say (an MFA session for changes to one's own devices, a
// session that may only set up a device) is in account.May.
package rules
