package seedfile

import (
	"bytes"
	"iter"
	"strconv"
)

// line is one line of a text file that is not blank.
type line struct {
	number  int
	text    []byte // without its end; part of the data
	comment bool   // begins with #
}

// lines goes over the lines that are not blank. It allocates nothing for their
// text, however long they are.
func lines(data []byte) iter.Seq[line] {
	return func(yield func(line) bool) {
		number := 0
		for raw := range bytes.SplitSeq(data, []byte("\n")) {
			number++
			text := bytes.TrimSpace(raw)
			if len(text) == 0 {
				continue
			}
			if !yield(line{number: number, text: text, comment: text[0] == '#'}) {
				return
			}
		}
	}
}

// maxFields is more than the widest format has: a line of a Yubico log has 18.
const maxFields = 24

// fields splits a line of CSV at commas, or at semicolons or tabs where it has no
// comma outside quotes (which spreadsheets write in some countries). Fields may
// stand in double quotes, a quote in them doubled (RFC 4180), but not run over
// lines. ok is false for a line over MaxLine, too many fields, or a quote out of
// place; the fields until there are given all the same. Fields are part of the
// line, except where quotes were doubled.
func (l line) fields() (fields [][]byte, ok bool) {
	if len(l.text) > MaxLine {
		return nil, false
	}
	for _, separator := range []byte(",;\t") {
		fields, ok = split(l.text, separator)
		if len(fields) > 1 {
			break
		}
	}
	return fields, ok
}

func split(text []byte, separator byte) (fields [][]byte, ok bool) {
	for len(fields) < maxFields {
		text = bytes.TrimLeft(text, " ")
		if len(text) > 0 && text[0] == '"' {
			field, rest, ok := quoted(text[1:])
			rest = bytes.TrimLeft(rest, " ")
			if !ok || len(rest) > 0 && rest[0] != separator {
				return fields, false
			}
			fields = append(fields, bytes.TrimSpace(field))
			if len(rest) == 0 {
				return fields, true
			}
			text = rest[1:]
			continue
		}
		end := bytes.IndexByte(text, separator)
		if end < 0 {
			return append(fields, bytes.TrimSpace(text)), bytes.IndexByte(text, '"') < 0
		}
		field := bytes.TrimSpace(text[:end])
		if bytes.IndexByte(field, '"') >= 0 {
			return fields, false
		}
		fields, text = append(fields, field), text[end+1:]
	}
	return fields, false
}

// quoted takes a field up to its closing quote.
func quoted(text []byte) (field, rest []byte, ok bool) {
	doubled := false
	for i := 0; i < len(text); i++ {
		if text[i] != '"' {
			continue
		}
		if i+1 < len(text) && text[i+1] == '"' {
			doubled = true
			i++
			continue
		}
		if field = text[:i]; doubled {
			field = bytes.ReplaceAll(field, []byte(`""`), []byte(`"`))
		}
		return field, text[i+1:], true
	}
	return nil, nil, false
}

// short is a field that is a name: short enough and without control characters.
func short(field []byte) (string, bool) {
	if len(field) > MaxField {
		return "", false
	}
	for _, c := range field {
		if c < ' ' || c == 0x7f {
			return "", false
		}
	}
	return string(field), true
}

// decimal is a field of digits only.
func decimal(field []byte) (uint64, bool) {
	if len(field) > 20 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(field), 10, 63)
	return n, err == nil
}
