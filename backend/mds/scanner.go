package mds

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxDepth   = 128 // of arrays and objects; entries have about eight
	maxMembers = 512 // of an object whose members matter
)

// scanner reads JSON (RFC 8259) in one pass over the bytes. What nobody asks for,
// pictures first of all, it steps over without copying: that is why it is here, as
// encoding/json copies each string and looks at each byte twice.
//
// A fault of the syntax sticks in err, and from then on every method gives nothing.
// A value of another type than was asked for is stepped over and is no fault: what
// that means is the caller's to say.
type scanner struct {
	data  []byte
	pos   int
	depth int
	err   *syntaxError
	names [][]byte // of the objects being read, for doubled members
	// doubled is set when an object had a member twice, or too many members.
	doubled bool
}

type syntaxError struct {
	what   string
	offset int
}

func (e *syntaxError) Error() string { return fmt.Sprintf("%s at byte %d", e.what, e.offset) }

func (s *scanner) fail(what string) {
	if s.err == nil {
		s.err = &syntaxError{what, s.pos}
	}
}

// next is the first byte of the next token, 0 at the end or after a fault.
func (s *scanner) next() byte {
	for s.err == nil && s.pos < len(s.data) {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// take steps over one byte if it is the next token.
func (s *scanner) take(c byte) bool {
	if s.next() != c {
		return false
	}
	s.pos++
	return true
}

// enter and leave keep the nesting bounded.
func (s *scanner) enter() bool {
	s.pos++
	if s.depth++; s.depth > maxDepth {
		s.fail("nesting")
	}
	return s.err == nil
}

// object calls member for each member, which must read one value. It reports
// whether the value was an object; null and others are stepped over.
func (s *scanner) object(member func(name []byte)) bool {
	if s.next() != '{' {
		s.skip()
		return false
	}
	if !s.enter() {
		return false
	}
	base := len(s.names)
	for !s.take('}') {
		if len(s.names) > base && !s.take(',') {
			s.fail("JSON")
			break
		}
		if s.next() != '"' {
			s.fail("JSON")
			break
		}
		name := s.quoted()
		if bytes.IndexByte(name, '\\') >= 0 {
			name = []byte(unquote(name))
		}
		if !s.take(':') {
			s.fail("JSON")
			break
		}
		// Comparing with all before is quadratic, so the count is bounded. Beyond it
		// names are not looked at, but the comma above still must know of one.
		if len(s.names)-base >= maxMembers || slices.ContainsFunc(s.names[base:], func(n []byte) bool { return bytes.Equal(n, name) }) {
			s.doubled = true
			s.skip()
			continue
		}
		s.names = append(s.names, name)
		member(name)
		if s.err != nil {
			break
		}
	}
	s.names = s.names[:base]
	s.depth--
	return s.err == nil
}

// array calls element for each element, which must read one value.
func (s *scanner) array(element func(i int)) bool {
	if s.next() != '[' {
		s.skip()
		return false
	}
	if !s.enter() {
		return false
	}
	for i := 0; !s.take(']'); i++ {
		if i > 0 && !s.take(',') {
			s.fail("JSON")
			break
		}
		if element(i); s.err != nil {
			break
		}
	}
	s.depth--
	return s.err == nil
}

// quoted steps over a string and gives what stands between its quotes, escapes and all.
func (s *scanner) quoted() []byte {
	start := s.pos + 1
	for at := start; ; {
		n := bytes.IndexByte(s.data[at:], '"')
		if n < 0 {
			s.pos = len(s.data)
			s.fail("JSON")
			return nil
		}
		at += n
		slashes := 0
		for slashes < at-start && s.data[at-1-slashes] == '\\' {
			slashes++
		}
		if at++; slashes%2 == 0 {
			s.pos = at
			return s.data[start : at-1]
		}
	}
}

// bytes gives a string's bytes as they stand, escapes and all; nil when the value is
// of another type.
func (s *scanner) bytes() []byte {
	if s.next() != '"' {
		s.skip()
		return nil
	}
	return s.quoted()
}

// text gives a string of at most max bytes without control characters; longer ones
// are cut. ok is false when the value is of another type.
func (s *scanner) text(max int) (text string, ok bool) {
	if s.next() != '"' {
		s.skip()
		return "", false
	}
	raw := s.quoted()
	if s.err != nil {
		return "", false
	}
	// Six bytes of JSON can stand for one of text.
	if len(raw) > 6*max {
		raw = raw[:6*max]
	}
	return clean(unquote(raw), max), true
}

// number gives a whole number. ok is false for other numbers and other types.
func (s *scanner) number() (n int64, ok bool) {
	c := s.next()
	start := s.pos
	s.skip()
	if c != '-' && (c < '0' || c > '9') || s.err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(string(s.data[start:s.pos]), 10, 64)
	return n, err == nil
}

// skip steps over one value of any type without recursion.
func (s *scanner) skip() {
	var stack [maxDepth]byte
	open := stack[:0] // the brackets that must close
	for {
		c := s.next()
		switch {
		case c == '{' || c == '[':
			if s.pos++; s.depth+len(open) >= maxDepth {
				s.fail("nesting")
				return
			}
			open = append(open, c+2) // } and ] stand two after { and [
			if s.take(c + 2) {
				open = open[:len(open)-1]
				break
			}
			if c == '{' && !s.name() {
				return
			}
			continue
		case c == '"':
			s.quoted()
		case c == '-' || c >= '0' && c <= '9':
			s.figures()
		default:
			s.literal()
		}
		// A value ended; so may what it was in.
		for len(open) > 0 && s.take(open[len(open)-1]) {
			open = open[:len(open)-1]
		}
		if len(open) == 0 || s.err != nil {
			return
		}
		if !s.take(',') {
			s.fail("JSON")
			return
		}
		if open[len(open)-1] == '}' && !s.name() {
			return
		}
	}
}

// name steps over a member's name and its colon.
func (s *scanner) name() bool {
	if s.next() != '"' {
		s.fail("JSON")
		return false
	}
	if s.quoted(); !s.take(':') {
		s.fail("JSON")
	}
	return s.err == nil
}

func (s *scanner) literal() {
	for _, w := range []string{"true", "false", "null"} {
		if len(s.data)-s.pos >= len(w) && string(s.data[s.pos:s.pos+len(w)]) == w {
			s.pos += len(w)
			return
		}
	}
	s.fail("JSON")
}

func (s *scanner) figures() {
	start := s.pos
	for s.pos < len(s.data) && strings.IndexByte("+-.0123456789Ee", s.data[s.pos]) >= 0 {
		s.pos++
	}
	if !json.Valid(s.data[start:s.pos]) {
		s.pos = start
		s.fail("JSON")
	}
}

// end fails unless nothing but white space is left.
func (s *scanner) end() {
	if s.next() != 0 || s.pos < len(s.data) {
		s.fail("JSON")
	}
}

// unquote resolves the escapes of a string's inside. Faulty ones, and bytes that are
// no UTF-8, become U+FFFD.
func unquote(raw []byte) string {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw)
	}
	var b strings.Builder
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			n := bytes.IndexByte(raw[i:], '\\')
			if n < 0 {
				n = len(raw) - i
			}
			b.Write(raw[i : i+n])
			i += n
			continue
		}
		n := 2
		if i+1 < len(raw) && raw[i+1] == 'u' {
			if n = 6; i+8 <= len(raw) && raw[i+6] == '\\' && raw[i+7] == 'u' {
				n = 12 // perhaps two halves of one character
			}
		}
		n = min(n, len(raw)-i)
		var one string
		for ; n > 0; n -= 6 {
			if json.Unmarshal(slices.Concat([]byte{'"'}, raw[i:i+n], []byte{'"'}), &one) == nil {
				break
			}
		}
		if n <= 0 {
			n, one = min(2, len(raw)-i), string(unicode.ReplacementChar)
		}
		b.WriteString(one)
		i += n
	}
	return b.String()
}

// clean drops control characters and cuts after max bytes, between characters.
func clean(text string, max int) string {
	if strings.ContainsFunc(text, unwanted) {
		text = strings.Map(func(r rune) rune {
			if unwanted(r) {
				return -1
			}
			return r
		}, text)
	}
	if len(text) > max {
		cut := max
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut]
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// unwanted are control characters, and those that turn the direction of writing.
func unwanted(r rune) bool {
	return unicode.IsControl(r) || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}
