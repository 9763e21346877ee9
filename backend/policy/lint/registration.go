package lint

import (
	"cmp"
	"slices"
	"sync"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policy"
)

// The requests of which a registration can consist: one for a device with codes, and
// for a security key one before anything is known and one with any certificates.
var (
	totp     = policy.Keys{}
	create   = policy.Keys{keyStep: policy.One("Create")}
	activate = sync.OnceValue(func() []policy.Keys {
		var out []policy.Keys
		for _, fido := range append([]string{""}, fidoLevels...) {
			for _, fips2 := range append([]string{""}, fipsLevels...) {
				for _, fips3 := range append([]string{""}, fipsLevels...) {
					k := policy.Keys{keyStep: policy.One("Activate")}
					for name, level := range map[string]string{keyFIDO: fido, keyFIPS1402: fips2, keyFIPS1403: fips3} {
						if level != "" {
							k[name] = policy.One(level)
						}
					}
					out = append(out, k)
				}
			}
		}
		return out
	})
)

// reduced is a statement with those conditions alone that a registration decides:
// on its own keys, and on keys that no request has. The others may or may not hold.
type reduced struct {
	set   *policy.Set
	known bool // all its keys can be there: what never matches is not a key's fault alone
}

func (c *checker) reduce(st *policy.Statement) reduced {
	r := reduced{known: true}
	bare := policy.Statement{Effect: policy.EffectAllow, Actions: []policy.Text{{Value: "*"}}, Resources: []policy.Text{{Value: "*"}}}
	for _, cond := range st.Conditions {
		k, _ := keyNamed(cond.Key.Value)
		if k.filled && k.name != keyStep && !isCertification(k.name) {
			continue
		}
		r.known = r.known && k.filled
		bare.Conditions = append(bare.Conditions, cond)
	}
	r.set = policy.NewSet(policy.Policy{Document: &policy.Document{Version: c.document.Version, Statements: []policy.Statement{bare}}})
	return r
}

func (r reduced) holds(k policy.Keys) bool {
	return r.set.Decide(policy.Request{Action: "a:b", Resource: "*", Keys: k}) == policy.Allow
}

// enables reports whether a statement names iam:EnableMFADevice, and where.
func enables(st *policy.Statement) (policy.Span, bool) {
	one := policy.Statement{Effect: policy.EffectAllow, Actions: st.Actions, NotAction: st.NotAction, Resources: []policy.Text{{Value: "*"}}}
	if !covers(one) {
		return policy.Span{}, false
	}
	if !st.NotAction {
		for _, a := range st.Actions {
			one.Actions = []policy.Text{a}
			if covers(one) {
				return a.At, true
			}
		}
	}
	return st.ActionsAt, true
}

func covers(st policy.Statement) bool {
	s := policy.NewSet(policy.Policy{Document: &policy.Document{Statements: []policy.Statement{st}}})
	return s.Decide(policy.Request{Action: string(mfa.OpEnableDevice), Resource: "*"}) == policy.Allow
}

// registration looks at what the statements together say about adding devices.
func (c *checker) registration() {
	var begins, ends, codes bool
	var began, ended *policy.Span
	for i := range c.document.Statements {
		st := &c.document.Statements[i]
		at, enabling := enables(st)
		r := c.reduce(st)
		step, certified := registrationKeys(st)
		matches := [3]bool{r.holds(totp), enabling && r.holds(create), enabling && slices.ContainsFunc(activate(), r.holds)}
		if first := cmp.Or(step, certified); first != nil && matches == [3]bool{} && r.known {
			c.warn(CodeNeverMatches, first.Key.At, "key", first.Key.Value)
		}
		if !enabling {
			continue
		}
		if st.Effect == policy.EffectDeny {
			if certified != nil && (matches[0] || matches[1]) {
				c.warn(CodeDenyHitsOthers, certified.Key.At, "key", certified.Key.Value, "create", yesNo(matches[1]), "totp", yesNo(matches[0]))
			}
			continue
		}
		codes = codes || matches[0]
		if matches[1] && !begins {
			begins, began = true, &at
		}
		if matches[2] && !ends {
			ends, ended = true, &at
		}
	}
	switch {
	case begins && !ends:
		c.warn(CodeNoActivate, *began)
	case ends && !begins:
		c.warn(CodeNoCreate, *ended)
	}
	if !codes && began != nil {
		c.warn(CodeNoTOTP, *began)
	} else if !codes && ended != nil {
		c.warn(CodeNoTOTP, *ended)
	}
}

// registrationKeys are a statement's first condition on the step, and on a
// certificate.
func registrationKeys(st *policy.Statement) (step, certified *policy.Condition) {
	for i := range st.Conditions {
		cond := &st.Conditions[i]
		if k, _ := keyNamed(cond.Key.Value); k.name == keyStep && step == nil {
			step = cond
		}
		if isCertification(cond.Key.Value) && certified == nil {
			certified = cond
		}
	}
	return step, certified
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
