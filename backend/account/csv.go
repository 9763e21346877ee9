package account

import "bytes"

// csvReader takes RFC 4180 records out of a file that may hold passwords. Fields are
// slices of the file itself, with quotes undone in place, so that no copy is left
// behind; encoding/csv would make strings, which nobody can wipe.
type csvReader struct {
	rest []byte
	line int // of what is next, from 1
}

// maxColumns is more than any list of users has.
const maxColumns = 16

// next gives the fields of the next record that has any text, and the line it begins
// in: spreadsheets leave empty lines and rows of commas behind. No fields: the end.
// False: a quote that stands where none may, or that nobody closes, or too many fields.
func (r *csvReader) next() (fields [][]byte, line int, ok bool) {
	for len(r.rest) > 0 {
		line, fields = r.line, nil
		empty := true
		for more := true; more; {
			var field []byte
			if field, more, ok = r.field(); !ok || len(fields) == maxColumns {
				return nil, line, false
			}
			fields = append(fields, field)
			empty = empty && len(field) == 0
		}
		if !empty {
			return fields, line, true
		}
	}
	return nil, r.line, true
}

// field takes one field and what ends it; more says that this was a comma.
func (r *csvReader) field() (field []byte, more, ok bool) {
	if len(r.rest) > 0 && r.rest[0] == '"' {
		return r.quoted()
	}
	end := bytes.IndexAny(r.rest, ",\n")
	if end < 0 {
		end = len(r.rest)
	}
	field = r.rest[:end]
	r.rest = r.rest[end:]
	if len(r.rest) == 0 || r.rest[0] == '\n' {
		field = bytes.TrimSuffix(field, []byte("\r"))
	}
	return field, r.end(), bytes.IndexByte(field, '"') < 0
}

func (r *csvReader) quoted() (field []byte, more, ok bool) {
	text := r.rest[1:]
	n := 0 // bytes of the field so far; never ahead of i
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\n':
			r.line++
		case c == '"' && i+1 < len(text) && text[i+1] == '"':
			i++
		case c == '"':
			r.rest = text[i+1:]
			if bytes.HasPrefix(r.rest, []byte("\r\n")) || len(r.rest) == 1 && r.rest[0] == '\r' {
				r.rest = r.rest[1:]
			}
			closed := len(r.rest) == 0 || r.rest[0] == ',' || r.rest[0] == '\n'
			return text[:n], r.end(), closed
		}
		text[n] = text[i]
		n++
	}
	return nil, false, false
}

// end takes the comma or the end of the line.
func (r *csvReader) end() (more bool) {
	if len(r.rest) == 0 {
		return false
	}
	more = r.rest[0] == ','
	if !more {
		r.line++
	}
	r.rest = r.rest[1:]
	return more
}
