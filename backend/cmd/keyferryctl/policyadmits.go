package main

import (
	"bytes"
	"context"
	"flag"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/keyferry/keyferry/backend/admission"
	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/metadata"
	"github.com/keyferry/keyferry/backend/mfa"
)

// subjectFlags say whose rules are asked about, beside a FILE.
type subjectFlags struct{ policy, user string }

func (f *subjectFlags) flags(fs *flag.FlagSet) {
	fs.StringVar(&f.policy, "policy", "", "the account's managed policy `NAME`")
	fs.StringVar(&f.user, "user", "", "all that holds for the user `NAME`")
}

// find makes a subject; file may be empty. Exactly one of the three must be given.
func (f *subjectFlags) find(ctx context.Context, s *seat, file string) (admission.Subject, error) {
	given := 0
	for _, text := range []string{file, f.policy, f.user} {
		if text != "" {
			given++
		}
	}
	switch {
	case given != 1:
		return admission.Subject{}, usage("one of a file with a policy, --policy and --user is needed")
	case file != "":
		document, err := readDocument(file)
		return admission.Subject{Document: document}, err
	case f.policy != "":
		return admission.Subject{Policy: f.policy}, nil
	}
	p, err := s.principal(ctx, mfa.OpSimulate, f.user)
	return admission.Subject{PrincipalID: p.ID}, err
}

// admitOffline runs the models of a BLOB through a policy, both from files.
func admitOffline(ctx context.Context, file, blob string) (admission.Admission, error) {
	now := time.Now()
	document, err := readDocument(file)
	if err != nil {
		return admission.Admission{}, err
	}
	rules, err := admission.NewOffline(filepath.Base(file), document, now)
	if err != nil {
		return admission.Admission{}, placed(err, file)
	}
	m, _, err := openBlob(blob, now)
	if err != nil {
		return admission.Admission{}, err
	}
	return rules.Admits(ctx, m)
}

type admissionRowJSON struct {
	Model    modelJSON    `json:"model"`
	Admitted bool         `json:"admitted"`
	Reason   string       `json:"reason"`
	By       *outcomeJSON `json:"by"`
}

func rowOf(r admission.Row) admissionRowJSON {
	j := admissionRowJSON{Model: rowModel(r.Model, r.Certificates, r.Reason == admission.ByReport), Admitted: r.Reason == admission.Admitted, Reason: string(r.Reason)}
	if r.By != nil {
		by := outcomeOf(*r.By)
		j.By = &by
	}
	return j
}

func rowModel(m *mds.Model, c mfa.Certificates, refused bool) modelJSON {
	return modelOf(metadata.Model{Model: m, Certificates: c, Refused: refused}, time.Now())
}

// whyOf says by which condition a model is kept out, or let in.
func whyOf(r admission.Row) string {
	switch r.Reason {
	case admission.ByReport:
		return "reported as revoked, compromised or retired"
	case admission.ByWindowsHello:
		return "it is Windows Hello"
	case admission.Admitted:
		if r.By == nil {
			return "policies do not concern root"
		}
		return "by " + statementOf(*r.By.Place)
	}
	step := "step Activate: "
	if r.Reason == admission.ByCreate {
		step = "step Create: "
	}
	switch {
	case r.By == nil:
		return step + "no statement allows it"
	case r.By.Matched:
		return step + "denied by " + statementOf(*r.By.Place)
	}
	return step + mismatchLine(*r.By) + ", " + statementOf(*r.By.Place)
}

var policyAdmits = either("policy admits", "[FILE] [--policy NAME | --user NAME] [--mds FILE] [--blob N] [--csv FILE]", "run every model of the metadata through a policy", func(fs *flag.FlagSet) (func([]string) bool, action) {
	var of subjectFlags
	var from metadataFlag
	of.flags(fs)
	from.flags(fs)
	blob := fs.Int64("blob", 0, "with the account's BLOB of this `NUMBER`, not the newest")
	out := fs.String("csv", "", "write it as CSV to `FILE`, which must not exist")
	only := fs.String("only", "", "print `admitted|refused` models only")
	return func([]string) bool { return from.file == "" }, func(ctx context.Context, s *seat) error {
		if *only != "" && *only != "admitted" && *only != "refused" {
			return usage("--only is admitted or refused")
		}
		all, err := admit(ctx, s, of, from.file, *blob)
		if err != nil {
			return err
		}
		if *out != "" {
			var text bytes.Buffer
			if err := all.WriteCSV(&text); err != nil {
				return err
			}
			if err := writeNew(*out, text.Bytes()); err != nil {
				return err
			}
		}
		list, table := []admissionRowJSON{}, newTable("ADMITTED", "MODEL", "FIDO", "FIPS-140-2", "FIPS-140-3", "WHY")
		for _, r := range all.Rows {
			admitted := r.Reason == admission.Admitted
			if *only != "" && admitted != (*only == "admitted") {
				continue
			}
			list = append(list, rowOf(r))
			table.row(yesNo(admitted), r.Model.Name, dash(r.Certificates.FIDO), dash(r.Certificates.FIPS1402), dash(r.Certificates.FIPS1403), whyOf(r))
		}
		s.answer(map[string]any{"blob": all.Blob, "admitted": all.Admitted, "of": len(all.Rows), "models": list, "saved": *out})
		if *out != "" {
			s.t.say("Saved %s.", *out)
		} else if len(list) > 0 {
			s.t.say("%s", table)
		}
		s.t.say("%s models are admitted (BLOB %d).", countOf(all.Admitted, len(all.Rows)), all.Blob)
		return nil
	}
})

func admit(ctx context.Context, s *seat, of subjectFlags, file string, blob int64) (admission.Admission, error) {
	if file != "" {
		if s.arg(0) == "" || of != (subjectFlags{}) || blob != 0 {
			return admission.Admission{}, usage("--mds goes with a file that holds the policy, and nothing of an account")
		}
		return admitOffline(ctx, s.arg(0), file)
	}
	subject, err := of.find(ctx, s, s.arg(0))
	if err != nil {
		return admission.Admission{}, err
	}
	all, err := s.Admission.AdmitsIn(ctx, s.session, subject, blob)
	return all, placed(err, s.arg(0))
}

type differenceJSON struct {
	Change string           `json:"change"` // admitted, refused
	Row    admissionRowJSON `json:"row"`
}

// policyDiff compares two policies over one BLOB, or two BLOBs under one policy.
var policyDiff = either("policy diff", "A B [--mds FILE] [--document FILE | --policy NAME | --user NAME] [--csv FILE]",
	"say which models B lets in and A does not, and the other way round: two policies, or, with a policy given, two BLOBs", func(fs *flag.FlagSet) (func([]string) bool, action) {
		var d differ
		d.of.flags(fs)
		d.from.flags(fs)
		fs.StringVar(&d.document, "document", "", "compare BLOBs under the policy in `FILE`")
		out := fs.String("csv", "", "write it as CSV to `FILE`, which must not exist")
		return d.needsAccount, func(ctx context.Context, s *seat) error {
			found, err := d.compare(ctx, s)
			if err != nil {
				return err
			}
			if *out != "" {
				var text bytes.Buffer
				if err := admission.WriteDifferences(&text, found); err != nil {
					return err
				}
				if err := writeNew(*out, text.Bytes()); err != nil {
					return err
				}
			}
			list, table := []differenceJSON{}, newTable("", "MODEL", "FIDO", "FIPS-140-2", "FIPS-140-3", "WHY")
			for _, x := range found {
				change, sign := "admitted", "+"
				if x.Lost {
					change, sign = "refused", "-"
				}
				why := whyOf(x.Row)
				if x.Gone() {
					why = "B does not know the model"
				}
				list = append(list, differenceJSON{change, rowOf(x.Row)})
				table.row(sign, x.Model.Name, dash(x.Certificates.FIDO), dash(x.Certificates.FIPS1402), dash(x.Certificates.FIPS1403), why)
			}
			s.answer(map[string]any{"differences": list, "saved": *out})
			if len(list) == 0 {
				s.t.say("%s and %s let in the same models.", s.args[0], s.args[1])
				return nil
			}
			if *out != "" {
				s.t.say("Saved %s.", *out)
				return nil
			}
			s.t.say("%s", table)
			return nil
		}
	})

// differ is what policy diff was told.
type differ struct {
	of       subjectFlags
	from     metadataFlag
	document string
}

// blobs reports that A and B are BLOBs, and not policies.
func (d *differ) blobs() bool { return d.document != "" || d.of != (subjectFlags{}) }

func (d *differ) needsAccount(given []string) bool {
	if d.from.file != "" {
		return false
	}
	return !(d.document != "" && isFile(given[0]) && isFile(given[1]))
}

func (d *differ) compare(ctx context.Context, s *seat) ([]admission.Difference, error) {
	if s.House == nil {
		return d.offline(ctx, s)
	}
	if !d.blobs() {
		first, err := policyNamed(s.args[0])
		if err != nil {
			return nil, err
		}
		second, err := policyNamed(s.args[1])
		if err != nil {
			return nil, err
		}
		return s.Admission.Compare(ctx, s.session, first, second, 0, 0)
	}
	var numbers [2]int64
	for i, text := range s.args {
		var err error
		if numbers[i], err = strconv.ParseInt(text, 10, 64); err != nil || numbers[i] < 1 {
			return nil, usage("%q is no BLOB's number (mds show lists them)", text)
		}
	}
	subject, err := d.of.find(ctx, s, d.document)
	if err != nil {
		return nil, err
	}
	found, err := s.Admission.Compare(ctx, s.session, subject, subject, numbers[0], numbers[1])
	return found, placed(err, d.document)
}

// policyNamed is a policy in a file, or, where there is no such file, of the account.
func policyNamed(name string) (admission.Subject, error) {
	if !isFile(name) && !strings.ContainsAny(name, `/\`) {
		return admission.Subject{Policy: name}, nil
	}
	document, err := readDocument(name)
	return admission.Subject{Document: document}, err
}

func (d *differ) offline(ctx context.Context, s *seat) ([]admission.Difference, error) {
	var all [2]admission.Admission
	for i, arg := range s.args {
		document, blob := arg, d.from.file
		switch {
		case d.of != (subjectFlags{}) || d.document != "" && d.from.file != "":
			return nil, usage("--mds goes with two files that hold policies, and nothing of an account")
		case d.document != "":
			document, blob = d.document, arg
		}
		var err error
		if all[i], err = admitOffline(ctx, document, blob); err != nil {
			return nil, err
		}
	}
	return admission.Differences(all[0], all[1]), nil
}
