package sqlite

import (
	"strings"
	"time"

	"github.com/keyferry/keyferry/backend/audit"
)

// A table of thousands of rows crosses the driver as one text, since every row and
// every value that crosses it alone costs more than SQLite needs to find it. Numbers,
// IDs, names, paths and e-mail addresses may travel so: none of them has a control
// character. One that got in anyhow is found, never taken for the end of a field.
const (
	fieldEnd = '\x1f' // U+001F, unit separator
	rowEnd   = "\x1e" // U+001E, record separator
)

// packed makes the query that gives all rows in one text. No column may be NULL:
// SQL would leave it out.
func packed(columns, from string) string {
	return "SELECT ifnull(group_concat(concat_ws(char(31), " + columns + "), char(30)), '') FROM " + from
}

// table is the rows of such a text, one after the other: next goes to a row, whose
// fields are then taken in the order of the columns. It stays on the stack, so that
// taking a field is no write the garbage collector must know of.
type table struct {
	rows  []string // that are to come; parts of the text, which they keep in memory
	rest  string   // of the present row
	ended bool     // its last field was taken
	wrong bool     // a field was too much, missing, no number, or of something that is not there
}

func newTable(text string) table {
	if text == "" {
		return table{ended: true}
	}
	return table{rows: strings.Split(text, rowEnd), ended: true}
}

// next reports whether there is another row. After the last one, err tells whether
// all was as it should be.
func (t *table) next() bool {
	t.wrong = t.wrong || !t.ended
	if len(t.rows) == 0 || t.wrong {
		return false
	}
	t.rest, t.rows, t.ended = t.rows[0], t.rows[1:], false
	return true
}

func (t *table) err() error {
	if t.wrong {
		return damaged("a row has other fields than were asked for")
	}
	return nil
}

func (t *table) text() string {
	if end := strings.IndexByte(t.rest, fieldEnd); end >= 0 {
		return t.cut(end)
	}
	return t.cut(len(t.rest))
}

// whole reads an INTEGER as SQLite writes it, and finds its end on the way. It is what
// the list waits for on our side, so it works on copies, which stay in registers.
func (t *table) whole() (n int64) {
	digits, start := t.rest, 0
	if strings.HasPrefix(digits, "-") {
		start = 1
	}
	end, wrong := start, false
	for ; end < len(digits) && digits[end] != fieldEnd; end++ {
		digit := digits[end] - '0'
		wrong = wrong || digit > 9
		n = n*10 + int64(digit)
	}
	t.wrong = t.wrong || wrong || start == end
	t.cut(end)
	if start == 1 {
		return -n
	}
	return n
}

func (t *table) moment() time.Time { return audit.FromMicros(t.whole()) }

// cut takes the field that ends there.
func (t *table) cut(end int) (field string) {
	t.wrong = t.wrong || t.ended
	field = t.rest[:end]
	if t.ended = end == len(t.rest); t.ended {
		t.rest = ""
	} else {
		t.rest = t.rest[end+1:]
	}
	return field
}
