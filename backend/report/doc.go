// Package report makes the credential report: one row for root and each user, as CSV.
package report
