package readiness

import "github.com/keyferry/keyferry/backend/mfa"

// climb builds one ladder. Rungs stand in flights: one that does not stand hides the
// ones above it in its flight, and nothing else.
type climb struct {
	rungs          []Rung
	hidden         bool
	failed, unsure bool
}

// flight begins a new one.
func (c *climb) flight() { c.hidden = false }

// add puts a rung on top. A rung of a flight that is hidden is skipped.
func (c *climb) add(id string, s State, f *mfa.Failure, params ...string) {
	r := Rung{ID: id, State: s, Failure: f, Params: pairs(params)}
	if c.hidden {
		r = Rung{ID: id, State: Skipped, Params: r.Params}
	}
	c.rungs = append(c.rungs, r)
}

func (c *climb) ok(id string, params ...string) { c.add(id, OK, nil, params...) }

// warn says what may stand in the way. The ladder may be ready all the same.
func (c *climb) warn(id string, f *mfa.Failure, params ...string) { c.add(id, Warning, f, params...) }

// fail: what is needed is missing.
func (c *climb) fail(id string, f *mfa.Failure, params ...string) {
	c.failed = c.failed || !c.hidden
	c.add(id, Failed, f, params...)
	c.hidden = true
}

// unknown: what is needed could not be asked.
func (c *climb) unknown(id, why string, params ...string) {
	c.unsure = c.unsure || !c.hidden
	c.add(id, Unknown, nil, append(params, "why", why)...)
	c.hidden = true
}

// note is unknown of something that is not needed.
func (c *climb) note(id, why string, params ...string) {
	c.add(id, Unknown, nil, append(params, "why", why)...)
}

// step is a rung, and the failures that mean that it does not stand.
type step struct {
	id    string
	codes []mfa.Code
}

// steps adds the rungs of one question, in the order in which the one who was asked
// looked: what stands before the failure was found good. A failure that no step knows
// is the first one's. It reports whether all stand.
func (c *climb) steps(list []step, err error, why string) bool {
	c.flight()
	if why != "" {
		c.unknown(list[0].id, why)
		for _, s := range list[1:] {
			c.ok(s.id) // hidden
		}
		return false
	}
	f := failure(err)
	at := len(list)
	if f != nil {
		at = 0
		for i, s := range list {
			for _, code := range s.codes {
				if code == f.Code {
					at = i
				}
			}
		}
	}
	for i, s := range list {
		if i == at {
			c.fail(s.id, f)
		} else {
			c.ok(s.id)
		}
	}
	return f == nil
}

func (c *climb) ladder(w Way) Ladder {
	l := Ladder{Way: w, State: Ready, Rungs: c.rungs}
	switch {
	case c.failed:
		l.State = NotReady
	case c.unsure:
		l.State = Unsure
	}
	return l
}

func pairs(list []string) map[string]string {
	if len(list) < 2 {
		return nil
	}
	m := make(map[string]string, len(list)/2)
	for i := 0; i+1 < len(list); i += 2 {
		m[list[i]] = list[i+1]
	}
	return m
}
