package main

import (
	"context"
	"flag"
	"strings"

	"github.com/keyferry/keyferry/backend/admission"
	"github.com/keyferry/keyferry/backend/mfa"
)

type needJSON struct {
	Key      string   `json:"key"`      // fido, fips2, fips3
	Operator string   `json:"operator"` // empty: one certificate with any of the values is enough
	Values   []string `json:"values"`
}

func needsOf(needs []admission.Need) []needJSON {
	list := []needJSON{}
	for _, n := range needs {
		list = append(list, needJSON{n.Key, n.Operator, append([]string{}, n.Values...)})
	}
	return list
}

// needLine says what would be accepted, in a few words.
func needLine(needs []admission.Need) string {
	schemes := map[string]string{"fido": "FIDO", "fips2": "FIPS-140-2", "fips3": "FIPS-140-3"}
	var parts []string
	for _, n := range needs {
		part := schemes[n.Key] + " " + strings.Join(n.Values, ", ")
		if n.Operator != "" {
			part = schemes[n.Key] + " " + n.Operator + " " + strings.Join(n.Values, ", ")
		}
		parts = append(parts, printable(part))
	}
	return strings.Join(parts, "; ")
}

var policyPreflight = signed("policy preflight", "[MODEL] [--plugged] [--fido L] [--fips2 L] [--fips3 L] [--user U] [--policy NAME | --document FILE]",
	"say what would become of a model, or of a key with these levels, before anything is touched", func(fs *flag.FlagSet) action {
		user := userFlag(fs)
		var of admission.Subject
		var about admission.About
		fs.StringVar(&of.Policy, "policy", "", "under the account's managed policy `NAME` alone (default: all that holds for the user)")
		document := fs.String("document", "", "under the policy in `FILE` alone")
		fs.StringVar(&about.FIDO, "fido", "", "a key with this FIDO `LEVEL`")
		fs.StringVar(&about.FIPS1402, "fips2", "", "with this FIPS-140-2 `LEVEL`")
		fs.StringVar(&about.FIPS1403, "fips3", "", "with this FIPS-140-3 `LEVEL`")
		plugged := fs.Bool("plugged", false, "the model of the security key that is plugged in")
		return func(ctx context.Context, s *seat) error {
			about.Model = s.arg(0)
			switch {
			case about.Model != "" && *plugged:
				return usage("--plugged is the model of the key: name none")
			case (about.Model != "" || *plugged) && about.Certificates != (mfa.Certificates{}):
				return usage("a model has its own levels: leave --fido, --fips2 and --fips3 out")
			}
			if err := (&modelFilter{fido: about.FIDO, fips2: about.FIPS1402, fips3: about.FIPS1403}).check(); err != nil {
				return err
			}
			if *document != "" {
				if of.Policy != "" {
					return usage("--policy and --document exclude each other")
				}
				var err error
				if of.Document, err = readDocument(*document); err != nil {
					return err
				}
			}
			target, err := s.target(ctx, mfa.OpSimulate, *user)
			if err != nil {
				return err
			}
			if *plugged {
				if about.Model, err = s.plugged(ctx); err != nil {
					return err
				}
			}
			p, err := s.Admission.Preflight(ctx, s.session, of, target, about)
			if err != nil {
				return placed(err, *document)
			}
			s.showPreflight(p)
			return nil
		}
	})

// plugged is the model of the only security key that is plugged in, as the metadata call
// it.
func (s *seat) plugged(ctx context.Context) (string, error) {
	if s.SimKey != nil {
		if err := s.who.hand.plugIn(s.SimKey); err != nil {
			return "", err
		}
	}
	k, err := (&holder{Service: s.Keys, t: s.t}).key(ctx, "")
	if err != nil {
		return "", err
	}
	if k.Info.AAGUID.IsZero() {
		return "", mfa.Fail(mfa.CodeNotFound, "what", "plugged-model")
	}
	s.t.say("%s: %s", printable(k.Name), k.Info.AAGUID)
	return k.Info.AAGUID.String(), nil
}

func (s *seat) showPreflight(p admission.Preflight) {
	out := map[string]any{"admitted": p.Admitted(), "create": decisionOf(p.Create), "activate": decisionOf(p.Activate), "windows_hello": p.Hello, "needs": needsOf(p.Needs), "refused": nil}
	if p.Refused != nil {
		out["refused"] = reportJSON{Status: p.Refused.Status, From: day(p.Refused.Effective), Holds: true, Number: p.Refused.Certificate, FIPS: p.Refused.FIPS, URL: p.Refused.URL}
	}
	s.t.result(out)
	s.t.say("Create    %s", verdictLine(p.Create))
	if text := explanation(p.Create); text != "" {
		s.t.say("%s", text)
	}
	s.t.say("Activate  %s", verdictLine(p.Activate))
	if text := explanation(p.Activate); text != "" {
		s.t.say("%s", text)
	}
	if p.Refused != nil {
		s.t.say("FIDO reports %s: no device of this model can be added.", printable(p.Refused.Status))
	}
	if p.Hello {
		s.t.say("It is Windows Hello, which is not accepted.")
	}
	if len(p.Needs) > 0 {
		s.t.say("It would need %s.", needLine(p.Needs))
	}
	s.t.say("%s", map[bool]string{true: "It would be admitted.", false: "It would not be admitted."}[p.Admitted()])
}

var wayWords = map[admission.WayName]string{admission.WayPhone: "phone or tablet", admission.WayApp: "authenticator app", admission.WayToken: "hardware token",
	admission.WayKey: "security key", admission.WayComputer: "this computer"}

type wayJSON struct {
	Way      string        `json:"way"`
	Allowed  bool          `json:"allowed"`
	Doomed   bool          `json:"doomed"` // it may begin, and would fail after the touch
	Reason   string        `json:"reason"`
	Decision *decisionJSON `json:"decision"`
	Needs    []needJSON    `json:"needs"`
}

var devicesWays = signed("devices ways", "[--user U]", "say by which ways a device can be added, and why not by the others", func(fs *flag.FlagSet) action {
	user := userFlag(fs)
	return func(ctx context.Context, s *seat) error {
		target, err := s.target(ctx, mfa.OpListDevices, *user)
		if err != nil {
			return err
		}
		ways, err := s.Admission.Ways(ctx, s.session, target)
		if err != nil {
			return err
		}
		list, table := []wayJSON{}, newTable("WAY", "OPEN", "WHY NOT")
		for _, w := range ways {
			j := wayJSON{Way: string(w.Way), Allowed: w.Allowed, Doomed: w.Doomed, Reason: w.Reason, Needs: needsOf(w.Needs)}
			if w.Decision != nil {
				d := decisionOf(*w.Decision)
				j.Decision = &d
			}
			list = append(list, j)
			open, why := whyNot(w)
			table.row(wayWords[w.Way], open, why)
		}
		s.t.result(map[string]any{"ways": list})
		s.t.say("%s", table)
		return nil
	}
})

func whyNot(w admission.Way) (open, why string) {
	switch {
	case w.Reason == "windows-hello":
		return "no", "Windows Hello is not accepted: use a phone"
	case w.Doomed && len(w.Needs) > 0:
		return "no", "it would fail after the touch: it needs " + needLine(w.Needs) + ", and phones prove nothing"
	case w.Doomed:
		return "no", "it would fail after the touch: " + verdictLine(*w.Decision)
	case !w.Allowed && w.Decision != nil:
		return "no", verdictLine(*w.Decision)
	}
	return yesNo(w.Allowed), ""
}
