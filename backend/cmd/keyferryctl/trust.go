package main

import (
	"context"
	"flag"
	"strings"

	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/words"
	"github.com/keyferry/keyferry/backend/mfa"
)

// trustJSON is what was proven of a passkey's authenticator when it was registered.
type trustJSON struct {
	Proven   bool   `json:"proven"`
	Unproven string `json:"unproven"` // why not
	Detail   string `json:"detail"`
	Model    string `json:"model"`
	Entry    string `json:"entry"`
	Format   string `json:"format"`
	Firmware uint32 `json:"firmware"` // 0: not known
	Blob     int64  `json:"blob"`     // 0: no metadata was asked
	At       int64  `json:"at"`
	levelsJSON
	Reports []reportJSON `json:"reports"`
	Hello   helloJSON    `json:"hello"`
}

type helloJSON struct {
	State string `json:"state"`
	Proof string `json:"proof"`
}

func trustOf(t mfa.Trust) *trustJSON {
	j := &trustJSON{Proven: t.IsProven(), Unproven: string(t.Unproven), Detail: t.Detail, Model: t.Model, Entry: t.Entry, Format: t.Format, Firmware: t.Firmware,
		Blob: t.Blob, At: milliseconds(t.At), levelsJSON: levelsOf(t.Certificates), Reports: []reportJSON{}, Hello: helloJSON{string(t.Hello.State), t.Hello.Proof}}
	if t.At.IsZero() {
		j.Unproven = string(mfa.UnprovenNotJudged)
	}
	for _, r := range t.Reports {
		j.Reports = append(j.Reports, reportJSON{Status: r.Status, From: day(r.Effective), Holds: true, Number: r.Certificate, FIPS: r.FIPS, URL: r.URL})
	}
	return j
}

// sayTrust prints what was proven of a passkey, which never changes.
func (t *terminal) sayTrust(d mfa.Device) {
	if d.Passkey == nil {
		return
	}
	p := d.Passkey.Trust
	j := trustOf(p)
	if !j.Proven {
		t.say("Model         not proven: %s", words.Unproven(mfa.Unproven(j.Unproven)))
	} else {
		t.say("Model         %s (%s)", printable(p.Model), p.Format)
		t.say("Certificates  %s", levels(p.Certificates))
	}
	for _, r := range j.Reports {
		t.say("Report        %s", printable(strings.TrimSpace(r.Status+" "+r.From)))
	}
	if p.Blob > 0 {
		t.say("Metadata      BLOB %d, when it was added", p.Blob)
	}
	t.say("Hello         %s", words.Hello(p.Hello))
}

var devicesShow = signed("devices show", "DEVICE [--user U]", "show a device and what was proven of its model when it was added", func(fs *flag.FlagSet) action {
	user := userFlag(fs)
	return func(ctx context.Context, s *seat) error {
		d, err := s.device(ctx, *user, s.args[0])
		if err != nil {
			return err
		}
		s.t.result(deviceOf(d))
		s.t.say("%s", deviceTable([]mfa.Device{d}))
		s.t.sayTrust(d)
		return nil
	}
})
