package main

import (
	"context"
	"flag"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/metadata"
	"github.com/keyferry/keyferry/backend/mfa"
)

type modelJSON struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Protocol   string   `json:"protocol"`
	Transports []string `json:"transports"`
	Status     string   `json:"status"`
	Refused    bool     `json:"refused"`
	Since      string   `json:"since"`
	levelsJSON
}

// levelsJSON are certificates in IAM's spelling; empty: none.
type levelsJSON struct {
	FIDO     string `json:"fido"`
	FIPS1402 string `json:"fips_140_2"`
	FIPS1403 string `json:"fips_140_3"`
}

func levelsOf(c mfa.Certificates) levelsJSON { return levelsJSON(c) }

func modelOf(m metadata.Model, at time.Time) modelJSON {
	return modelJSON{ID: m.ID, Name: m.Name, Protocol: m.Protocol, Transports: append([]string{}, m.Transports...), Status: m.Status(at),
		Refused: m.Refused, Since: day(m.Since), levelsJSON: levelsOf(m.Certificates)}
}

type reportJSON struct {
	Status string `json:"status"`
	From   string `json:"from"`
	Until  string `json:"until"`
	Holds  bool   `json:"holds"`
	Number string `json:"number"`
	FIPS   int    `json:"fips"`
	URL    string `json:"url"`
}

func reportsOf(rs []mds.Report, at time.Time) []reportJSON {
	list := []reportJSON{}
	for _, r := range rs {
		list = append(list, reportJSON{Status: r.Status, From: day(r.Effective), Until: day(r.Sunset), Holds: r.InEffect(at), Number: r.Number, FIPS: r.FIPS, URL: r.URL})
	}
	return list
}

// modelFilter chooses models. Empty members choose all.
type modelFilter struct{ fido, fips2, fips3, transport, status, search string }

func (f *modelFilter) flags(fs *flag.FlagSet) {
	fs.StringVar(&f.fido, "fido", "", "with this FIDO certification: `LEVEL`, several with commas, LEVEL+ for it and higher ones, or none")
	fs.StringVar(&f.fips2, "fips2", "", "the same for FIPS-140-2: `LEVEL`")
	fs.StringVar(&f.fips3, "fips3", "", "the same for FIPS-140-3: `LEVEL`")
	fs.StringVar(&f.transport, "transport", "", "reached by `usb|nfc|ble|hybrid|internal|smart-card`")
	fs.StringVar(&f.status, "status", "", "whose newest `STATUS` is this, as FIDO writes it; or refused: revoked, compromised or retired")
	fs.StringVar(&f.search, "search", "", "whose name or ID contains `TEXT`")
}

func (f *modelFilter) has(m metadata.Model, at time.Time) bool {
	text := strings.ToLower(f.search)
	return chosen(f.fido, m.FIDO, mfa.FIDOLevels) && chosen(f.fips2, m.FIPS1402, mfa.FIPSLevels) && chosen(f.fips3, m.FIPS1403, mfa.FIPSLevels) &&
		(f.transport == "" || slices.Contains(m.Transports, f.transport)) &&
		(f.status == "" || strings.EqualFold(f.status, m.Status(at)) || f.status == "refused" && m.Refused) &&
		(strings.Contains(strings.ToLower(m.Name), text) || strings.Contains(strings.ToLower(m.ID), text))
}

// check refuses levels that there are none of: they would find nothing, and look as if
// there were nothing.
func (f *modelFilter) check() error {
	for _, c := range []struct {
		name, wanted string
		levels       []string
	}{{"fido", f.fido, mfa.FIDOLevels}, {"fips2", f.fips2, mfa.FIPSLevels}, {"fips3", f.fips3, mfa.FIPSLevels}} {
		for _, level := range strings.Split(c.wanted, ",") {
			if level = strings.TrimSuffix(level, "+"); c.wanted != "" && level != "none" && !slices.Contains(c.levels, level) {
				return usage("--%s: there is no level %q; there are: none, %s", c.name, level, strings.Join(c.levels, ", "))
			}
		}
	}
	return nil
}

// chosen reports that a level is among those that are wanted.
func chosen(wanted, level string, levels []string) bool {
	if wanted == "" {
		return true
	}
	for one := range strings.SplitSeq(wanted, ",") {
		least, upwards := strings.CutSuffix(one, "+")
		if one == level || one == "none" && level == "" || upwards && level != "" && slices.Index(levels, level) >= slices.Index(levels, least) {
			return true
		}
	}
	return false
}

var mdsList = either("mds list", "[--fido L] [--fips2 L] [--search T] ... [--mds FILE]", "list the models of the metadata", func(fs *flag.FlagSet) (func([]string) bool, action) {
	var from metadataFlag
	var filter modelFilter
	from.flags(fs)
	filter.flags(fs)
	return func([]string) bool { return from.file == "" }, func(ctx context.Context, s *seat) error {
		if err := filter.check(); err != nil {
			return err
		}
		m, blob, err := from.open(ctx, s)
		if err != nil {
			return err
		}
		if m == nil {
			return mfa.Fail(mfa.CodeMetadataMissing)
		}
		now := time.Now()
		list, table := []modelJSON{}, newTable("MODEL", "FIDO", "FIPS-140-2", "FIPS-140-3", "BY", "STATUS", "ID")
		for _, one := range m.Models() {
			if model := judged(one, now); filter.has(model, now) {
				list = append(list, modelOf(model, now))
				table.row(model.Name, dash(model.FIDO), dash(model.FIPS1402), dash(model.FIPS1403), strings.Join(model.Transports, " "), model.Status(now), model.ID)
			}
		}
		s.answer(map[string]any{"blob": blob.Number, "models": list, "of": len(m.Models())})
		if len(list) > 0 {
			s.t.say("%s", table)
		}
		s.t.say("%d of %s (BLOB %d)", len(list), plural(len(m.Models()), "model"), blob.Number)
		return nil
	}
})

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

type factJSON struct {
	Name   string   `json:"name"`
	Values []string `json:"values"`
}

func (m *metadataFlag) showModel(ctx context.Context, s *seat, id string) error {
	model, statement, devices, err := m.statement(ctx, s, id)
	if err != nil {
		return err
	}
	now := time.Now()
	facts := []factJSON{}
	for _, f := range statement.Facts {
		facts = append(facts, factJSON(f))
	}
	s.answer(map[string]any{"model": modelOf(model, now), "reports": reportsOf(model.Reports, now), "facts": facts, "descriptions": statement.Descriptions,
		"picture": statement.Picture, "legal": statement.Legal, "devices": devices})
	s.t.say("%s", printable(model.Name))
	s.t.say("%s  %s", model.Protocol, model.ID)
	s.t.say("FIDO %s, FIPS-140-2 %s, FIPS-140-3 %s", dash(model.FIDO), dash(model.FIPS1402), dash(model.FIPS1403))
	if model.Refused {
		s.t.say("Devices of this model cannot be registered: see the reports.")
	}
	if devices > 0 {
		s.t.say("Of it: %s of this account.", plural(devices, "device"))
	}
	table := newTable("REPORT", "FROM", "UNTIL", "HOLDS", "NUMBER")
	for _, r := range reportsOf(model.Reports, now) {
		status := r.Status
		if r.FIPS > 0 {
			status += " (140-" + strconv.Itoa(r.FIPS) + ")"
		}
		table.row(status, dash(r.From), dash(r.Until), yesNo(r.Holds), r.Number)
	}
	s.t.say("%s", table)
	for _, f := range statement.Facts {
		s.t.say("%s: %s", f.Name, printable(strings.Join(f.Values, ", ")))
	}
	return nil
}

type driftedJSON struct {
	Device   string      `json:"device"`
	DeviceID string      `json:"device_id"`
	User     string      `json:"user"`
	Model    string      `json:"model"`
	Change   string      `json:"change"`
	Then     levelsJSON  `json:"then"`
	Now      levelsJSON  `json:"now"`
	Refused  *reportJSON `json:"refused,omitempty"`
	BlobThen int64       `json:"blob_then"`
}

var changes = map[metadata.Change]string{
	metadata.Better: "certified higher", metadata.Worse: "certified lower", metadata.Refused: "reported", metadata.Gone: "no longer in the metadata",
	metadata.Known: "now in the metadata",
}

var mdsDrift = signed("mds drift", "", "list devices for which the metadata says something else now", plain(func(ctx context.Context, s *seat) error {
	rows, err := s.Metadata.Drift(ctx, s.session)
	if err != nil {
		return err
	}
	list, table := []driftedJSON{}, newTable("DEVICE", "OF", "MODEL", "CHANGE", "THEN", "NOW")
	for _, r := range rows {
		j := driftedJSON{Device: r.Device.Name, DeviceID: r.Device.ID, User: r.Owner.Name, Model: r.Model, Change: string(r.Change), Then: levelsOf(r.Then),
			Now: levelsOf(r.Now), BlobThen: r.Device.Passkey.Trust.Blob}
		change := changes[r.Change]
		if r.Change == metadata.Refused {
			j.Refused = &reportJSON{Status: r.Report.Status, From: day(r.Report.Effective), Holds: true, Number: r.Report.Certificate, FIPS: r.Report.FIPS, URL: r.Report.URL}
			change += ": " + r.Report.Status
		}
		list = append(list, j)
		table.row(r.Device.Name, r.Owner.Name, r.Model, change, levels(r.Then), levels(r.Now))
	}
	s.t.result(map[string]any{"devices": list})
	if len(list) == 0 {
		s.t.say("The metadata says of no device something else than when it was added.")
		return nil
	}
	s.t.say("%s\nNothing about these devices changes. Remove one and add it again to have it judged anew.", table)
	return nil
}))

// levels are certificates in a few words.
func levels(c mfa.Certificates) string {
	var parts []string
	for _, l := range []struct{ scheme, level string }{{"FIDO", c.FIDO}, {"FIPS-140-2", c.FIPS1402}, {"FIPS-140-3", c.FIPS1403}} {
		if l.level != "" {
			parts = append(parts, l.scheme+" "+l.level)
		}
	}
	return dash(strings.Join(parts, ", "))
}
