package rp

import (
	"bytes"
	"errors"
	"unicode/utf16"
	"unicode/utf8"
)

// Bounds of one JSON text. A registration response has about 20 values in four
// levels; the rest is room for extensions.
const (
	maxJSONDepth  = 16
	maxJSONValues = 4096
)

var (
	errJSONSyntax   = errors.New("not JSON (RFC 8259)")
	errJSONTrailing = errors.New("bytes behind the JSON value")
	errJSONUTF8     = errors.New("not UTF-8")
	errJSONDepth    = errors.New("nested too deep")
	errJSONValues   = errors.New("too many values")
	errJSONDoubled  = errors.New("a member name stands twice")
)

type jsonKind uint8

const (
	jsonAbsent jsonKind = iota // no such member
	jsonNull
	jsonTrue
	jsonFalse
	jsonNumber
	jsonText
	jsonArray
	jsonObject
)

// jsonValue is one value of a JSON text. Unlike encoding/json, the reader keeps
// member names as they are, refuses doubled ones, and takes no bytes that are
// not UTF-8: two programs cannot read two things from one signed text.
type jsonValue struct {
	kind    jsonKind
	text    []byte // of a text, without escapes; of a number, its literal
	items   []jsonValue
	members []jsonMember
}

type jsonMember struct {
	name  []byte
	value jsonValue
}

// get finds a member by its exact name.
func (v jsonValue) get(name string) jsonValue {
	for i := range v.members {
		if string(v.members[i].name) == name {
			return v.members[i].value
		}
	}
	return jsonValue{}
}

// lookalike finds a member whose name equals one of names but for case. Nobody
// honest writes one; a program that folds case would read it.
func (v jsonValue) lookalike(names ...string) bool {
	for i := range v.members {
		for _, name := range names {
			got := v.members[i].name
			if string(got) != name && bytes.EqualFold(got, []byte(name)) {
				return true
			}
		}
	}
	return false
}

// isMissing reports a member that is not there or is null.
func (v jsonValue) isMissing() bool { return v.kind == jsonAbsent || v.kind == jsonNull }

type jsonReader struct {
	data   []byte
	at     int
	values int
}

// readJSON reads exactly one value.
func readJSON(data []byte) (jsonValue, error) {
	if !utf8.Valid(data) {
		return jsonValue{}, errJSONUTF8
	}
	r := jsonReader{data: data}
	v, err := r.value(0)
	if err != nil {
		return jsonValue{}, err
	}
	if r.skipSpace(); r.at != len(data) {
		return jsonValue{}, errJSONTrailing
	}
	return v, nil
}

func (r *jsonReader) skipSpace() {
	for r.at < len(r.data) {
		switch r.data[r.at] {
		case ' ', '\t', '\r', '\n':
			r.at++
		default:
			return
		}
	}
}

// take steps over c, with space before it.
func (r *jsonReader) take(c byte) bool {
	r.skipSpace()
	if r.at < len(r.data) && r.data[r.at] == c {
		r.at++
		return true
	}
	return false
}

func (r *jsonReader) value(depth int) (jsonValue, error) {
	if r.values++; r.values > maxJSONValues {
		return jsonValue{}, errJSONValues
	}
	if depth > maxJSONDepth {
		return jsonValue{}, errJSONDepth
	}
	r.skipSpace()
	if r.at == len(r.data) {
		return jsonValue{}, errJSONSyntax
	}
	switch r.data[r.at] {
	case '{':
		return r.object(depth)
	case '[':
		return r.array(depth)
	case '"':
		text, err := r.text()
		return jsonValue{kind: jsonText, text: text}, err
	case 't':
		return r.word("true", jsonTrue)
	case 'f':
		return r.word("false", jsonFalse)
	case 'n':
		return r.word("null", jsonNull)
	default:
		return r.number()
	}
}

func (r *jsonReader) word(word string, kind jsonKind) (jsonValue, error) {
	if !bytes.HasPrefix(r.data[r.at:], []byte(word)) {
		return jsonValue{}, errJSONSyntax
	}
	r.at += len(word)
	return jsonValue{kind: kind}, nil
}

func (r *jsonReader) object(depth int) (v jsonValue, err error) {
	v.kind = jsonObject
	r.at++
	if r.take('}') {
		return v, nil
	}
	for {
		var m jsonMember
		if r.skipSpace(); r.at == len(r.data) || r.data[r.at] != '"' {
			return v, errJSONSyntax
		}
		if m.name, err = r.text(); err != nil {
			return v, err
		}
		for i := range v.members {
			if bytes.Equal(v.members[i].name, m.name) {
				return v, errJSONDoubled
			}
		}
		if !r.take(':') {
			return v, errJSONSyntax
		}
		if m.value, err = r.value(depth + 1); err != nil {
			return v, err
		}
		v.members = append(v.members, m)
		if r.take('}') {
			return v, nil
		}
		if !r.take(',') {
			return v, errJSONSyntax
		}
	}
}

func (r *jsonReader) array(depth int) (v jsonValue, err error) {
	v.kind = jsonArray
	r.at++
	if r.take(']') {
		return v, nil
	}
	for {
		item, err := r.value(depth + 1)
		if err != nil {
			return v, err
		}
		v.items = append(v.items, item)
		if r.take(']') {
			return v, nil
		}
		if !r.take(',') {
			return v, errJSONSyntax
		}
	}
}

// text reads a string. Without escapes, as nearly always here, it is a piece of
// the input and nothing is copied.
func (r *jsonReader) text() ([]byte, error) {
	r.at++
	rest := r.data[r.at:]
	end := bytes.IndexByte(rest, '"')
	if end < 0 {
		return nil, errJSONSyntax
	}
	if bytes.IndexByte(rest[:end], '\\') >= 0 {
		return r.escapedText()
	}
	if hasControl(rest[:end]) {
		return nil, errJSONSyntax
	}
	r.at += end + 1
	return rest[:end:end], nil
}

func hasControl(text []byte) bool {
	for _, c := range text {
		if c < 0x20 {
			return true
		}
	}
	return false
}

func (r *jsonReader) escapedText() ([]byte, error) {
	var out []byte
	for r.at < len(r.data) {
		c := r.data[r.at]
		r.at++
		switch {
		case c == '"':
			return out, nil
		case c < 0x20:
			return nil, errJSONSyntax
		case c != '\\':
			out = append(out, c)
			continue
		}
		if r.at == len(r.data) {
			return nil, errJSONSyntax
		}
		c = r.data[r.at]
		r.at++
		if c == 'u' {
			char, ok := r.unicodeEscape()
			if !ok {
				return nil, errJSONSyntax
			}
			out = utf8.AppendRune(out, char)
			continue
		}
		i := bytes.IndexByte([]byte(`"\/bfnrt`), c)
		if i < 0 {
			return nil, errJSONSyntax
		}
		out = append(out, "\"\\/\b\f\n\r\t"[i])
	}
	return nil, errJSONSyntax
}

// unicodeEscape reads the digits behind \u, and the second half of a pair. Half
// a pair alone names no character and is refused.
func (r *jsonReader) unicodeEscape() (rune, bool) {
	first, ok := r.hex4()
	if !ok || !utf16.IsSurrogate(first) {
		return first, ok
	}
	if !bytes.HasPrefix(r.data[r.at:], []byte(`\u`)) {
		return 0, false
	}
	r.at += 2
	second, ok := r.hex4()
	char := utf16.DecodeRune(first, second)
	return char, ok && char != utf8.RuneError
}

func (r *jsonReader) hex4() (char rune, ok bool) {
	if len(r.data)-r.at < 4 {
		return 0, false
	}
	for _, c := range r.data[r.at : r.at+4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		char = char<<4 | rune(c)
	}
	r.at += 4
	return char, true
}

// number reads -?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?
func (r *jsonReader) number() (jsonValue, error) {
	start := r.at
	if r.peek() == '-' {
		r.at++
	}
	if r.peek() == '0' {
		r.at++
	} else if !r.digits() {
		return jsonValue{}, errJSONSyntax
	}
	if r.peek() == '.' {
		if r.at++; !r.digits() {
			return jsonValue{}, errJSONSyntax
		}
	}
	if r.peek()|0x20 == 'e' {
		r.at++
		if c := r.peek(); c == '+' || c == '-' {
			r.at++
		}
		if !r.digits() {
			return jsonValue{}, errJSONSyntax
		}
	}
	return jsonValue{kind: jsonNumber, text: r.data[start:r.at]}, nil
}

func (r *jsonReader) peek() byte {
	if r.at == len(r.data) {
		return 0
	}
	return r.data[r.at]
}

func (r *jsonReader) digits() bool {
	start := r.at
	for c := r.peek(); '0' <= c && c <= '9'; c = r.peek() {
		r.at++
	}
	return r.at > start
}
