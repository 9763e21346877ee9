package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

var heading = []string{"user", "arn", "user_creation_time", "password_enabled", "password_last_used", "password_last_changed",
	"mfa_active", "passkeys", "authenticator_apps", "hardware_tokens", "mfa_last_used"}

// The words that AWS's report has in the place of a value.
const (
	notSupported  = "not_supported"  // root's password is always there
	noInformation = "no_information" // never used
	notApplicable = "N/A"            // there is nothing that could be used
)

// WriteCSV writes a heading and the rows: RFC 4180 with line feeds, UTF-8, times in
// RFC 3339 and UTC. A cell that a spreadsheet would run as a formula begins with an
// apostrophe: names may begin with +, =, - and @.
func WriteCSV(w io.Writer, rows []Row) error {
	out := csv.NewWriter(w)
	_ = out.Write(heading) // Error tells
	for _, r := range rows {
		enabled, changed := strconv.FormatBool(r.PasswordEnabled), when(r.PasswordAt, r.PasswordEnabled)
		if r.Kind == mfa.Root {
			enabled, changed = notSupported, notSupported
		}
		record := []string{r.User, r.ARN, when(r.CreatedAt, true), enabled, when(r.PasswordUsedAt, r.PasswordEnabled), changed,
			strconv.FormatBool(r.MFAActive), strconv.Itoa(r.Passkeys), strconv.Itoa(r.Apps), strconv.Itoa(r.Tokens), when(r.LastUsedAt, r.MFAActive)}
		for i, cell := range record {
			record[i] = inert(cell)
		}
		_ = out.Write(record)
	}
	out.Flush()
	return out.Error()
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

func inert(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}
