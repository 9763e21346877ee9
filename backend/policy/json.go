package policy

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

type kind uint8

const (
	isText kind = iota
	isNumber
	isBool
	isNull
	isList
	isObject
)

// node is a JSON value with its place.
type node struct {
	kind    kind
	text    string // of texts without escapes; of numbers and truth values as written
	at      Span
	items   []node
	members []member
}

type member struct {
	name  Text
	value node
}

// reader reads JSON (RFC 8259). Each method leaves off behind what it has read.
type reader struct {
	src    []byte
	at     int // bytes
	line   int
	column int
	count  int // characters, for lengths
	depth  int
	values int
}

// readJSON reads one value and nothing after it.
func readJSON(src []byte) (node, *Malformed) {
	r := &reader{src: src, line: 1, column: 1}
	r.space()
	n, bad := r.value(nil)
	if bad != nil {
		return node{}, bad
	}
	r.space()
	if r.at < len(r.src) {
		return node{}, r.wrong(WrongTrailing, nil)
	}
	return n, nil
}

func (r *reader) here() Span { return Span{Line: r.line, Column: r.column, Length: 1} }

func (r *reader) wrong(what string, where *pointer) *Malformed {
	return &Malformed{What: what, Where: where.String(), At: r.here()}
}

// stray is what is wrong with the character that cannot stand here.
func (r *reader) stray(where *pointer) *Malformed {
	if r.at >= len(r.src) {
		return r.wrong(WrongEnd, where)
	}
	if _, bad := r.peek(where); bad != nil {
		return bad
	}
	return r.wrong(WrongSyntax, where)
}

// peek looks at the next character, of which there is one.
func (r *reader) peek(where *pointer) (rune, *Malformed) {
	c := rune(r.src[r.at])
	if c >= utf8.RuneSelf {
		var size int
		if c, size = utf8.DecodeRune(r.src[r.at:]); c == utf8.RuneError && size <= 1 {
			return 0, r.wrong(WrongUTF8, where)
		}
	}
	if c > 0xff || c < 0x20 && c != '\t' && c != '\n' && c != '\r' {
		return 0, r.wrong(WrongCharacter, where)
	}
	return c, nil
}

func (r *reader) skip(c rune) {
	r.at += utf8.RuneLen(c)
	r.count++
	r.column++
	if c == '\n' {
		r.line++
		r.column = 1
	}
}

func (r *reader) space() {
	for r.at < len(r.src) {
		c := rune(r.src[r.at])
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return
		}
		r.skip(c)
	}
}

// next is the next byte, or 0 at the end.
func (r *reader) next() byte {
	if r.at < len(r.src) {
		return r.src[r.at]
	}
	return 0
}

func (r *reader) value(where *pointer) (node, *Malformed) {
	switch c := r.next(); {
	case c == '"':
		t, bad := r.text(where)
		return node{kind: isText, text: t.Value, at: t.At}, bad
	case c == '{' || c == '[':
		if r.depth++; r.depth > MaxDepth {
			return node{}, r.wrong(WrongDepth, where)
		}
		defer func() { r.depth-- }()
		if c == '{' {
			return r.object(where)
		}
		return r.list(where)
	case c == '-' || c >= '0' && c <= '9':
		return r.number(where)
	case c == 't':
		return r.word("true", isBool, where)
	case c == 'f':
		return r.word("false", isBool, where)
	case c == 'n':
		return r.word("null", isNull, where)
	}
	return node{}, r.stray(where)
}

func (r *reader) object(where *pointer) (node, *Malformed) {
	n, begin := node{kind: isObject, at: r.here()}, r.count
	lines := map[string]int{}
	r.skip('{')
	for {
		r.space()
		if r.next() == '}' && len(n.members) == 0 {
			break
		}
		if r.next() != '"' {
			return n, r.stray(where)
		}
		name, bad := r.text(where)
		if bad != nil {
			return n, bad
		}
		inside := where.member(name.Value)
		if first, twice := lines[name.Value]; twice {
			return n, &Malformed{What: WrongDuplicate, Where: inside.String(), Wanted: strconv.Itoa(first), At: name.At}
		}
		lines[name.Value] = name.At.Line
		r.space()
		if r.next() != ':' {
			return n, r.stray(inside)
		}
		r.skip(':')
		r.space()
		v, bad := r.value(inside)
		if bad != nil {
			return n, bad
		}
		n.members = append(n.members, member{name, v})
		r.space()
		if r.next() == ',' {
			r.skip(',')
			continue
		}
		if r.next() != '}' {
			return n, r.stray(where)
		}
		break
	}
	r.skip('}')
	n.at.Length = r.count - begin
	return n, nil
}

func (r *reader) list(where *pointer) (node, *Malformed) {
	n, begin := node{kind: isList, at: r.here()}, r.count
	r.skip('[')
	for {
		r.space()
		if r.next() == ']' && len(n.items) == 0 {
			break
		}
		inside := where.item(len(n.items))
		if r.values++; r.values > MaxValues {
			return n, r.wrong(WrongCount, inside)
		}
		v, bad := r.value(inside)
		if bad != nil {
			return n, bad
		}
		n.items = append(n.items, v)
		r.space()
		if r.next() == ',' {
			r.skip(',')
			continue
		}
		if r.next() != ']' {
			return n, r.stray(where)
		}
		break
	}
	r.skip(']')
	n.at.Length = r.count - begin
	return n, nil
}

func (r *reader) word(word string, k kind, where *pointer) (node, *Malformed) {
	n := node{kind: k, text: word, at: r.here()}
	for i := range len(word) {
		if r.next() != word[i] {
			return n, r.stray(where)
		}
		r.skip(rune(word[i]))
	}
	n.at.Length = len(word)
	return n, nil
}

func (r *reader) number(where *pointer) (node, *Malformed) {
	n, begin := node{kind: isNumber, at: r.here()}, r.at
	if r.next() == '-' {
		r.skip('-')
	}
	if r.next() == '0' {
		r.skip('0')
	} else if !r.digits() {
		return n, r.stray(where)
	}
	if r.next() == '.' {
		r.skip('.')
		if !r.digits() {
			return n, r.stray(where)
		}
	}
	if c := r.next(); c == 'e' || c == 'E' {
		r.skip(rune(c))
		if c := r.next(); c == '+' || c == '-' {
			r.skip(rune(c))
		}
		if !r.digits() {
			return n, r.stray(where)
		}
	}
	if r.at-begin > MaxText {
		return n, &Malformed{What: WrongLength, Where: where.String(), At: n.at}
	}
	n.text = string(r.src[begin:r.at])
	n.at.Length = len(n.text)
	return n, nil
}

func (r *reader) digits() bool {
	begin := r.at
	for c := r.next(); c >= '0' && c <= '9'; c = r.next() {
		r.skip(rune(c))
	}
	return r.at > begin
}

func (r *reader) text(where *pointer) (Text, *Malformed) {
	t, begin := Text{At: r.here()}, r.count
	var out []byte
	for r.skip('"'); r.at < len(r.src); {
		c, bad := r.peek(where)
		switch {
		case bad != nil:
			return t, bad
		case c == '"':
			r.skip(c)
			t.Value, t.At.Length = string(out), r.count-begin
			return t, nil
		case c < 0x20:
			return t, r.wrong(WrongSyntax, where)
		case c == '\\':
			var e rune
			if e, bad = r.escape(where); bad != nil {
				return t, bad
			}
			out = utf8.AppendRune(out, e)
		default:
			r.skip(c)
			out = utf8.AppendRune(out, c)
		}
		if len(out) > MaxText {
			return t, &Malformed{What: WrongLength, Where: where.String(), At: t.At}
		}
	}
	return t, r.wrong(WrongEnd, where)
}

// escape reads one escaped character. What is wrong with it is told at its
// backslash.
func (r *reader) escape(where *pointer) (rune, *Malformed) {
	bad := r.wrong(WrongEscape, where)
	r.skip('\\')
	if r.at >= len(r.src) {
		return 0, r.wrong(WrongEnd, where)
	}
	c := r.src[r.at]
	if c != 'u' {
		e, known := escapes[c]
		if !known {
			return 0, bad
		}
		r.skip(rune(c))
		return e, nil
	}
	e, ok := r.hex()
	if ok && utf16.IsSurrogate(e) {
		if r.next() != '\\' {
			return 0, bad
		}
		r.skip('\\')
		var low rune
		low, ok = r.hex()
		if e = utf16.DecodeRune(e, low); e == utf8.RuneError {
			ok = false
		}
	}
	if !ok {
		return 0, bad
	}
	return e, nil
}

var escapes = map[byte]rune{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// hex reads uXXXX.
func (r *reader) hex() (rune, bool) {
	if r.next() != 'u' || r.at+5 > len(r.src) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(r.src[r.at+1:r.at+5]), 16, 32)
	if err != nil {
		return 0, false
	}
	for range 5 {
		r.skip('u')
	}
	return rune(n), true
}
