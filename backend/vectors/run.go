package vectors

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Decision is what the product does with an item.
type Decision string

const (
	Accept Decision = "accept"
	Refuse Decision = "refuse"
)

// What a file expects of an item.
const (
	expectAccept = "accept"
	expectReject = "reject"
	expectEither = "either"
)

// Result is the outcome of one item.
type Result struct {
	File     string   `json:"file"`
	ID       string   `json:"id"`
	Kind     string   `json:"kind"`
	Covered  bool     `json:"covered"`
	Decision Decision `json:"decision,omitempty"` // empty when not covered, or when it crashed
	Code     mfa.Code `json:"code,omitempty"`     // with Refuse: the failure code
	Expect   string   `json:"expect"`             // "accept", "reject" or "either"
	Match    bool     `json:"match"`              // false when not covered
	Detail   string   `json:"detail,omitempty"`   // why it was refused, or what differs
}

// Summary counts results.
type Summary struct {
	Items      int `json:"items"`
	Matched    int `json:"matched"`
	Mismatched int `json:"mismatched"`
	NotCovered int `json:"not_covered"`
}

// Add counts one result.
func (s *Summary) Add(r Result) {
	s.Items++
	switch {
	case !r.Covered:
		s.NotCovered++
	case r.Match:
		s.Matched++
	default:
		s.Mismatched++
	}
}

// MaxFile is the longest file taken, in bytes.
const MaxFile = 64 << 20

// ErrForm says that a file is of no form that is known here.
var ErrForm = errors.New("vectors: not a file of a known form")

// item is one vector, ready to run. run is nil when nothing covers it.
type item struct {
	id, kind, expect string
	input            func() []byte // nil, or the bytes for run: made late, because they can be large
	run              func(input []byte) verdict
	broken           error // the item is not of its file's form: a mismatch, whatever it expects
}

// verdict is what the product did: it refused, or it accepted. When wrong is not empty,
// it did so in another way, or with other outputs, than the file has.
type verdict struct {
	refused error
	wrong   string
}

func accepted() verdict         { return verdict{} }
func refused(err error) verdict { return verdict{refused: err} }

// Run runs all items of one file in order and calls each with every result. It
// returns early only when ctx ends. name is only for the results.
func Run(ctx context.Context, name string, data []byte, each func(Result)) error {
	items, err := parse(data)
	if err != nil {
		return err
	}
	for _, it := range items {
		if err := ctx.Err(); err != nil {
			return err
		}
		each(it.result(name))
	}
	return nil
}

func (it item) result(file string) Result {
	r := Result{File: file, ID: it.id, Kind: it.kind, Expect: it.expect}
	if r.Expect == "" {
		r.Expect = expectAccept
	}
	if it.broken != nil {
		r.Covered, r.Detail = true, it.broken.Error()
		return r
	}
	if it.run == nil {
		r.Detail = "not covered"
		return r
	}
	r.Covered = true
	v, broke := defaultGuard.run(it)
	if broke != "" {
		r.Detail = broke
		return r
	}
	if v.refused != nil {
		f := mfa.AsFailure(v.refused)
		r.Decision, r.Code, r.Detail = Refuse, f.Code, cmp.Or(v.wrong, f.Explain())
	} else {
		r.Decision, r.Detail = Accept, v.wrong
	}
	switch r.Expect {
	case expectEither:
		r.Match = v.wrong == ""
	case expectReject:
		r.Match = r.Decision == Refuse && v.wrong == ""
	default:
		r.Match = r.Decision == Accept && v.wrong == ""
	}
	return r
}

// parse tells the form of a file by its structure.
func parse(data []byte) ([]item, error) {
	if len(data) > MaxFile {
		return nil, ErrForm
	}
	if list := []json.RawMessage(nil); json.Unmarshal(data, &list) == nil && list != nil {
		return objects(list, parsePolicyCase)
	}
	var head struct {
		Schema  string            `json:"schema"`
		Vectors []json.RawMessage `json:"vectors"`
		Items   []json.RawMessage `json:"items"`
		Roots   json.RawMessage   `json:"roots"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, errors.Join(ErrForm, err)
	}
	schema, _, _ := bytes.Cut([]byte(head.Schema), []byte("/"))
	switch {
	case head.Vectors != nil:
		return parseAll(head.Vectors, parseHybrid), nil
	case string(schema) == "webauthn":
		return parseAll(head.Items, parseWebAuthn(roots(head.Roots))), nil
	case string(schema) == "ctap2":
		return parseAll(head.Items, parseCTAP2), nil
	case string(schema) == "malformed":
		return parseAll(head.Items, parseMalformed), nil
	case string(schema) == "totp":
		return parseAll(head.Items, parseTOTP), nil
	case string(schema) == "aaguids":
		return parseAll(head.Items, parseAAGUID), nil
	case head.Items != nil:
		return objects(head.Items, uncovered)
	}
	return nil, ErrForm
}

// parseAll reads items one by one. One that is ill-formed does not keep the
// others from running.
func parseAll(list []json.RawMessage, one func(json.RawMessage) (item, error)) []item {
	items := make([]item, 0, len(list))
	for i, raw := range list {
		it, err := one(raw)
		if err != nil {
			it = brokenItem(i, raw, err)
		}
		items = append(items, it)
	}
	return items
}

// brokenItem keeps what can be read of the item's name, its place in the file failing that.
func brokenItem(place int, raw json.RawMessage, err error) item {
	var members map[string]json.RawMessage
	_ = json.Unmarshal(raw, &members) // no object: nothing to read
	text := func(name string) (s string) {
		_ = json.Unmarshal(members[name], &s) // no text: empty
		return s
	}
	it := item{id: text("id"), kind: text("kind"), expect: text("expect"), broken: fmt.Errorf("vectors: ill-formed item: %w", err)}
	if it.id == "" {
		it.id = fmt.Sprintf("#%d", place)
	}
	return it
}

// uncovered is for forms that the build has no code for: their items are counted.
func uncovered(raw json.RawMessage) (item, error) {
	var v struct{ ID, Name, Kind, Expect string }
	err := json.Unmarshal(raw, &v)
	return item{id: cmp.Or(v.ID, v.Name), kind: v.Kind, expect: v.Expect}, err
}

// objects is parseAll for files that nothing but their items tells the form of. A list
// without a single object is no form at all.
func objects(list []json.RawMessage, one func(json.RawMessage) (item, error)) ([]item, error) {
	found := 0
	for _, raw := range list {
		if raw = bytes.TrimLeft(raw, " \t\r\n"); len(raw) > 0 && raw[0] == '{' {
			found++
		}
	}
	if found == 0 && len(list) > 0 {
		return nil, ErrForm
	}
	return parseAll(list, one), nil
}
