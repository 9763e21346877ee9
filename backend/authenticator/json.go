package authenticator

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Bounds of options. A relying party's options have two or three kilobytes.
const (
	maxOptions = 256 << 10
	maxNesting = 16
	maxText    = 2048
	maxEntries = 256
)

// object reads the members of one JSON object by exact name and type. It keeps
// the first fault. Members that are null count as absent. The standard library's
// decoder is not used for this: it takes "Challenge" for "challenge" and the last
// of two equal names.
type object struct {
	m     map[string]any
	path  string
	first *error
}

// parseObject reads one JSON object and nothing behind it, without doubled names.
func parseObject(data []byte) (object, error) {
	o := object{first: new(error)}
	if len(data) > maxOptions {
		return o, optionsFault("options", fmt.Errorf("%d bytes", len(data)))
	}
	if !utf8.Valid(data) {
		return o, optionsFault("options", errors.New("not UTF-8"))
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := parseValue(d, 0)
	if err == nil {
		if _, err = d.Token(); err == io.EOF {
			err = nil
		} else if err == nil {
			err = errors.New("something behind the object")
		}
	}
	if err != nil {
		return o, optionsFault("options", err)
	}
	m, ok := v.(map[string]any)
	if !ok {
		return o, optionsFault("options", errors.New("not an object"))
	}
	o.m = m
	return o, nil
}

func parseValue(d *json.Decoder, depth int) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	delim, nested := t.(json.Delim)
	if !nested {
		return t, nil
	}
	if depth >= maxNesting {
		return nil, errors.New("nested too deeply")
	}
	if delim == '[' {
		list := []any{}
		for d.More() {
			v, err := parseValue(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = d.Token()
		return list, err
	}
	m := map[string]any{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		key, _ := name.(string)
		if _, doubled := m[key]; doubled {
			return nil, errors.New("a doubled name")
		}
		if m[key], err = parseValue(d, depth+1); err != nil {
			return nil, err
		}
	}
	_, err = d.Token()
	return m, err
}

// optionsFault is invalid-input for one member of the options.
func optionsFault(field string, cause error) error {
	return mfa.Fail(mfa.CodeInvalidInput, "field", field).Because(fmt.Errorf("authenticator: options: %w", cause))
}

func (o object) err() error { return *o.first }

func (o object) fail(name, why string) {
	if *o.first == nil {
		*o.first = optionsFault(o.path+name, errors.New(why))
	}
}

func (o object) need(names ...string) {
	for _, name := range names {
		if o.m[name] == nil {
			o.fail(name, "missing")
		}
	}
}

// member reads an optional member of one type.
func member[T any](o object, name string) (v T, present bool) {
	item := o.m[name]
	if item == nil {
		return v, false
	}
	v, ok := item.(T)
	if !ok {
		o.fail(name, "of another type")
	}
	return v, ok
}

func (o object) text(name string) string {
	s, _ := member[string](o, name)
	if len(s) > maxText {
		o.fail(name, "too long")
		return ""
	}
	return s
}

func (o object) flag(name string) bool {
	b, _ := member[bool](o, name)
	return b
}

// integer reads an optional whole number.
func (o object) integer(name string) int64 {
	n, ok := member[json.Number](o, name)
	if !ok {
		return 0
	}
	i, err := strconv.ParseInt(string(n), 10, 64)
	if err != nil {
		o.fail(name, "not a whole number")
	}
	return i
}

// bytes reads optional base64url without padding, of min to max bytes.
func (o object) bytes(name string, min, max int) []byte {
	s, ok := member[string](o, name)
	if !ok {
		return nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) < min || len(b) > max || base64.RawURLEncoding.EncodedLen(len(b)) != len(s) {
		o.fail(name, "not base64url of the right length")
		return nil
	}
	return b
}

// inside opens an optional object; an empty one when it is absent.
func (o object) inside(name string) object {
	m, _ := member[map[string]any](o, name)
	return object{m: m, path: o.path + name + ".", first: o.first}
}

// each opens the objects of an optional array.
func (o object) each(name string) []object {
	list, _ := member[[]any](o, name)
	if len(list) > maxEntries {
		o.fail(name, "too many")
		return nil
	}
	out := make([]object, len(list))
	for i, v := range list {
		m, ok := v.(map[string]any)
		if !ok {
			o.fail(name, "not objects")
			return nil
		}
		out[i] = object{m: m, path: o.path + name + ".", first: o.first}
	}
	return out
}

// texts reads the texts of an optional array; entries of another type are passed over,
// as they are of an enumeration that may grow.
func (o object) texts(name string) []string {
	list, _ := member[[]any](o, name)
	if len(list) > maxEntries {
		o.fail(name, "too many")
		return nil
	}
	var out []string
	for _, v := range list {
		if s, is := v.(string); is && len(s) <= maxText {
			out = append(out, s)
		}
	}
	return out
}
