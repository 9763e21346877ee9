package main

import (
	"bytes"
	"context"
	"flag"
	"strconv"

	"github.com/keyferry/keyferry/backend/report"
)

type reportRowJSON struct {
	User            string `json:"user"`
	ARN             string `json:"arn"`
	CreatedAt       int64  `json:"user_creation_time"`
	PasswordEnabled bool   `json:"password_enabled"`
	PasswordUsedAt  int64  `json:"password_last_used"`
	PasswordAt      int64  `json:"password_last_changed"`
	MFAActive       bool   `json:"mfa_active"`
	Passkeys        int    `json:"passkeys"`
	Apps            int    `json:"apps"`
	Tokens          int    `json:"tokens"`
	LastUsedAt      int64  `json:"mfa_last_used"`
}

var makeReport = signed("report", "[--csv] [--out FILE]", "make the credential report", func(fs *flag.FlagSet) action {
	asCSV := fs.Bool("csv", false, "as CSV")
	out := fs.String("out", "", "write it as CSV to `FILE`, which must not exist")
	return func(ctx context.Context, s *seat) error {
		rows, err := s.Report.Make(ctx, s.session)
		if err != nil {
			return err
		}
		if *asCSV || *out != "" {
			var text bytes.Buffer
			if err := report.WriteCSV(&text, rows); err != nil {
				return err
			}
			if *out == "" {
				return s.t.raw(text.Bytes())
			}
			if err := writeNew(*out, text.Bytes()); err != nil {
				return err
			}
			s.t.result(map[string]any{"saved": *out, "rows": len(rows)})
			s.t.say("Saved %s.", *out)
			return nil
		}
		list, table := make([]reportRowJSON, len(rows)), newTable("USER", "MFA", "PASSKEYS", "APPS", "TOKENS", "PASSWORD", "PASSWORD USED", "MFA USED")
		for i, r := range rows {
			list[i] = reportRowJSON{User: r.User, ARN: r.ARN, CreatedAt: milliseconds(r.CreatedAt), PasswordEnabled: r.PasswordEnabled,
				PasswordUsedAt: milliseconds(r.PasswordUsedAt), PasswordAt: milliseconds(r.PasswordAt), MFAActive: r.MFAActive,
				Passkeys: r.Passkeys, Apps: r.Apps, Tokens: r.Tokens, LastUsedAt: milliseconds(r.LastUsedAt)}
			table.row(r.User, yesNo(r.MFAActive), strconv.Itoa(r.Passkeys), strconv.Itoa(r.Apps), strconv.Itoa(r.Tokens),
				yesNo(r.PasswordEnabled), when(r.PasswordUsedAt), when(r.LastUsedAt))
		}
		s.t.result(map[string]any{"report": list})
		s.t.say("%s", table)
		return nil
	}
})
