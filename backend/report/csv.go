package report

import (
	"io"
	"strconv"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/sheet"
)

var heading = []string{"user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed",
	"mfa_active", "passkeys", "authenticator_apps", "hardware_tokens", "mfa_last_used"}

// The words that AWS's report has in the place of a value.
const (
	notSupported  = "not_supported"  // root's password is always there
	noInformation = "no_information" // never used
	notApplicable = "N/A"            // there is nothing that could be used
)

// WriteCSV writes a heading and the rows as package sheet does, times in RFC 3339 and UTC.
func WriteCSV(w io.Writer, rows []Row) error {
	cells := make([][]string, len(rows))
	for i, r := range rows {
		enabled, changed := strconv.FormatBool(r.PasswordEnabled), when(r.PasswordAt, r.PasswordEnabled)
		if r.Kind == mfa.Root {
			enabled, changed = notSupported, notSupported
		}
		cells[i] = []string{r.User, r.ARN, when(r.CreatedAt, true), enabled, when(r.PasswordUsedAt, r.PasswordEnabled), changed,
			strconv.FormatBool(r.MFAActive), strconv.Itoa(r.Passkeys), strconv.Itoa(r.Apps), strconv.Itoa(r.Tokens), when(r.LastUsedAt, r.MFAActive)}
	}
	return sheet.Write(w, heading, cells)
}

// when writes a time of something that is there, or is not.
func when(t time.Time, there bool) string {
	switch {
	case !there:
		return notApplicable
	case t.IsZero():
		return noInformation
	}
	return t.UTC().Format(time.RFC3339)
}
