package admission

import (
	"context"
	"strconv"
	"strings"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policy"
	"github.com/keyferry/keyferry/backend/rules"
)

// Need is a certificate that would be accepted: any one of Values.
type Need struct {
	Key      string // fido, fips2 or fips3
	Operator string // empty; or the condition that asks for it, where no certificate alone is enough
	Values   []string
}

// schemes are the certification programmes. Their names are the same in every language.
var schemes = []struct {
	short, name, key string
	levels           []string
	one              func(level string) mfa.Certificates
}{
	{"fips2", "FIPS-140-2", rules.KeyFIPS1402, mfa.FIPSLevels, func(l string) mfa.Certificates { return mfa.Certificates{FIPS1402: l} }},
	{"fips3", "FIPS-140-3", rules.KeyFIPS1403, mfa.FIPSLevels, func(l string) mfa.Certificates { return mfa.Certificates{FIPS1403: l} }},
	{"fido", "FIDO", rules.KeyFIDO, mfa.FIDOLevels, func(l string) mfa.Certificates { return mfa.Certificates{FIDO: l} }},
}

// needs tries every certificate alone: what is accepted is what was needed, however the
// policies put it. Where none alone is enough, the conditions that came nearest speak.
func (s *Service) needs(ctx context.Context, set *policy.Set, a mfa.Access) ([]Need, error) {
	var out []Need
	for _, scheme := range schemes {
		n := Need{Key: scheme.short}
		for _, level := range scheme.levels {
			_, activate, err := s.questions(ctx, a, scheme.one(level))
			if err != nil {
				return nil, err
			}
			if set.Decide(activate) == policy.Allow {
				n.Values = append(n.Values, level)
			}
		}
		if len(n.Values) > 0 {
			out = append(out, n)
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	_, activate, err := s.questions(ctx, a, mfa.Certificates{})
	if err != nil {
		return nil, err
	}
	return asked(set.Evaluate(activate)), nil
}

// asked reads conditions on certificates out of statements that would have allowed it.
func asked(d policy.Decision) []Need {
	var out []Need
	for _, o := range d.Outcomes {
		if o.Effect != policy.EffectAllow || o.Mismatch.Part != policy.PartCondition {
			continue
		}
		for _, scheme := range schemes {
			if strings.EqualFold(scheme.key, o.Mismatch.Key) {
				out = append(out, Need{Key: scheme.short, Operator: o.Mismatch.Operator, Values: o.Mismatch.Want})
			}
		}
	}
	return out
}

// isLevel reports a condition key that speaks of certificates.
func isLevel(key string) bool {
	for _, scheme := range schemes {
		if strings.EqualFold(scheme.key, key) {
			return true
		}
	}
	return false
}

// needText is for a failure's parameter: "FIPS-140-2 L2; FIDO L2, L2plus".
func needText(needs []Need) string {
	var parts []string
	for _, n := range needs {
		for _, scheme := range schemes {
			if scheme.short == n.Key {
				parts = append(parts, scheme.name+" "+join(n.Values))
			}
		}
	}
	return strings.Join(parts, "; ")
}

func join(values []string) string { return strings.Join(values, ", ") }
func number(n int64) string       { return strconv.FormatInt(n, 10) }

// statement is a Sid, or the number of the statement from 1.
func statement(p policy.Place) string {
	if p.Sid != "" {
		return p.Sid
	}
	return strconv.Itoa(p.Statement + 1)
}
