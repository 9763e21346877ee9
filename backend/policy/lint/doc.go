// Package lint looks at IAM policies for what they hardly can mean: keys and actions
// that nothing has, levels that are taken for thresholds, variables that are plain
// text, denies that hit more than was meant. It also knows the words of the language
// for completion.
//
// It never decides anything: what it warns of is evaluated to the letter all the same.
// An error is what package policy cannot read, and only that; everything else is a
// warning. Words for the codes of findings stand in the window and in keyferryctl.
//
// What it knows of AWS (actions, what they act on, condition keys) is a table of names
// from the service authorisation reference. Actions and keys of other services are not
// known, and are not warned of unless they look like one of IAM's misspelt.
//
// What statements say about adding devices is not guessed from their text: the
// registrations that can occur are put to them (registration.go).
//
// Reading order: finding.go (Check, codes), check.go (statements, actions, resources),
// variables.go, conditions.go, registration.go; catalogue.go, actions.go, keys.go.
//
// Followed: AWS IAM User Guide, "Supported configurations for using passkeys and
// security keys" and "IAM JSON policy element reference"; AWS service authorisation
// reference, "AWS Identity and Access Management (IAM)".
package lint
