package account

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Bounds of a list of users. A line has room for the longest path, name and password,
// each character of it quoted and in two bytes.
const (
	MaxUserFile = 4 << 20 // bytes
	maxUserLine = 4 << 10 // bytes
)

// UserList is a list of users that was read from a file, for a preview. It holds
// passwords: Wipe it.
type UserList struct{ Rows []UserRow }

// UserRow is one line of it.
type UserRow struct {
	Line          int // in the file, from 1
	Name, Path    string
	Password      *mfa.Secret // nil: none
	Administrator bool
	MustChange    bool
	Problem       *mfa.Failure // why this row cannot be imported; nil: it can

	read *mfa.Failure // what was wrong with it before anybody asked the account
}

// Good is how many rows can be imported.
func (l *UserList) Good() int { return len(l.Rows) - l.Bad() }

// Bad is how many rows cannot.
func (l *UserList) Bad() int {
	n := 0
	for _, r := range l.Rows {
		if r.Problem != nil {
			n++
		}
	}
	return n
}

// Wipe forgets the passwords. It may be called twice, and on nil.
func (l *UserList) Wipe() {
	if l == nil {
		return
	}
	for _, r := range l.Rows {
		r.Password.Wipe()
	}
}

// The columns of the heading.
const (
	columnName          = "name"
	columnPath          = "path"
	columnPassword      = "password"
	columnAdministrator = "administrator"
	columnMustChange    = "must_change"
)

var columns = []string{columnName, columnPath, columnPassword, columnAdministrator, columnMustChange}

// ReadUsers reads a list of users: CSV (RFC 4180), UTF-8 with or without a mark, at
// most MaxUserFile bytes and MaxUsers users. The first line is a heading: name, and
// any of path, password, administrator and must_change, in any order. The last two are
// yes, true, 1, or no, false, 0, or empty. An empty path is mfa.RootPath, an empty
// password none.
//
// A bad row does not stop the others: it carries its Problem. What no row can be told
// from fails as a whole: user-file (params: line, why), user-file-row (params: line,
// field) for a column that is unknown or there twice, user-limit (params: max).
//
// The data is taken over and zeroed, as passwords stand in it.
func ReadUsers(data []byte) (*UserList, error) {
	defer clear(data)
	switch {
	case len(data) > MaxUserFile:
		return nil, noUserFile(1, "large")
	case !utf8.Valid(data):
		return nil, noUserFile(1+bytes.Count(data[:validPrefix(data)], []byte("\n")), "encoding")
	}
	line := 0
	for text := range bytes.Lines(data) {
		if line++; len(text) > maxUserLine {
			return nil, noUserFile(line, "long-line")
		}
	}
	r := csvReader{rest: bytes.TrimPrefix(data, []byte("\ufeff")), line: 1}
	heading, err := readHeading(&r)
	if err != nil {
		return nil, err
	}
	l := &UserList{}
	for {
		fields, line, ok := r.next()
		switch {
		case !ok:
			err = noUserFile(line, "quotes")
		case len(fields) == 0:
			return l, nil
		case len(l.Rows) == MaxUsers:
			err = mfa.Fail(mfa.CodeUserLimit, "max", fmt.Sprint(MaxUsers))
		}
		if err != nil {
			l.Wipe()
			return nil, err
		}
		l.Rows = append(l.Rows, readUser(heading, fields, line))
	}
}

func noUserFile(line int, why string) error {
	return mfa.Fail(mfa.CodeUserFile, "line", fmt.Sprint(line), "why", why)
}

// validPrefix is how many bytes are UTF-8, from the start.
func validPrefix(data []byte) (n int) {
	for n < len(data) {
		r, size := utf8.DecodeRune(data[n:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	return n
}

func readHeading(r *csvReader) ([]string, error) {
	fields, line, ok := r.next()
	if !ok {
		return nil, noUserFile(line, "quotes")
	}
	heading := make([]string, len(fields))
	for i, f := range fields {
		heading[i] = strings.ToLower(strings.TrimSpace(string(f)))
	}
	// Without a heading the first line is a user, perhaps with a password: nothing of
	// it may be shown.
	if !slices.Contains(heading, columnName) {
		return nil, noUserFile(line, "heading")
	}
	for i, name := range heading {
		if !slices.Contains(columns, name) || slices.Contains(heading[:i], name) {
			if mfa.CheckName(name) != nil {
				name = fmt.Sprint("column ", i+1)
			}
			return nil, badField(line, name)
		}
	}
	return heading, nil
}

func badField(line int, field string) *mfa.Failure {
	return mfa.Fail(mfa.CodeUserFileRow, "line", fmt.Sprint(line), "field", field)
}

func readUser(heading []string, fields [][]byte, line int) UserRow {
	row := UserRow{Line: line}
	var flags *mfa.Failure
	for i, f := range fields[:min(len(fields), len(heading))] {
		switch column := heading[i]; column {
		case columnName:
			row.Name = string(bytes.TrimSpace(f))
		case columnPath:
			row.Path = string(bytes.TrimSpace(f))
		case columnPassword:
			if len(f) > 0 {
				row.Password = mfa.NewSecret(f)
			}
		default:
			on, ok := flag(f)
			if !ok {
				flags = badField(line, column)
			}
			if column == columnAdministrator {
				row.Administrator = on
			} else {
				row.MustChange = on
			}
		}
	}
	user := row.user()
	err := user.check(mfa.PasswordRules{})
	row.Path = user.Path
	switch {
	case len(fields) != len(heading):
		row.read = badField(line, "columns")
	case err != nil:
		row.read = mfa.AsFailure(err)
	default:
		row.read = flags
	}
	row.Problem = row.read
	return row
}

func (r UserRow) user() NewUser {
	return NewUser{Name: r.Name, Path: r.Path, Password: r.Password, MustChange: r.MustChange, Administrator: r.Administrator}
}

func flag(field []byte) (on, ok bool) {
	switch strings.ToLower(string(bytes.TrimSpace(field))) {
	case "yes", "true", "1":
		return true, true
	case "no", "false", "0", "":
		return false, true
	}
	return false, false
}
