// Package report makes the credential report: one row for root and each user, on the
// screen or as CSV.
//
// The columns and their words are those of AWS's credential report where it has them
// (user, arn, user_creation_time, password_enabled, password_last_used,
// password_last_changed, mfa_active); what follows is this product's own. It holds no
// secret, and nothing of a password but when it was set and used.
//
// Reading order: report.go (rows), csv.go.
package report
