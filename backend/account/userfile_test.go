package account

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/keyferry/keyferry/backend/mfa"
)

// show writes rows down, passwords as their length.
func show(l *UserList) string {
	var b strings.Builder
	for _, r := range l.Rows {
		fmt.Fprintf(&b, "%d %s %s %d", r.Line, r.Name, r.Path, r.Password.Len())
		if r.Administrator {
			b.WriteString(" admin")
		}
		if r.MustChange {
			b.WriteString(" change")
		}
		if r.Problem != nil {
			fmt.Fprintf(&b, " %s", r.Problem.Code)
			if field := r.Problem.Params["field"]; field != "" {
				fmt.Fprintf(&b, "(%s)", field)
			}
		}
		b.WriteString("; ")
	}
	return strings.TrimSuffix(b.String(), "; ")
}

func TestReadUsers(t *testing.T) {
	for _, row := range []struct{ name, file, want string }{
		{"names only", "name\nalice\nbob\n", "2 alice / 0; 3 bob / 0"},
		{"heading only", "name\n", ""},
		{"no end of line", "name\nalice", "2 alice / 0"},
		{"mark and CRLF", "\ufeffname,path\r\nalice,/x/\r\nbob,\r\n", "2 alice /x/ 0; 3 bob / 0"},
		{"any order, any case", " Must_Change ,PASSWORD,Name\nyes,longenough,alice\n", "2 alice / 10 change"},
		{"quotes", "name,password\nalice,\"a \"\"quoted\"\", word\"\n", "2 alice / 16"},
		{"a password of two lines", "name,password\nalice,\"first\nsecond\"\nbob,\n", "2 alice / 12; 4 bob / 0"},
		{"a password's spaces stay", "name,password\n alice ,  longenough  \n", "2 alice / 14"},
		{"flags", "name,administrator,must_change\na,yes,no\nb,TRUE,false\nc,1,0\nd,,\n", "2 a / 0 admin; 3 b / 0 admin; 4 c / 0 admin; 5 d / 0"},
		{"empty lines and rows of commas", "name,path\n\n\r\nalice,\n,\n\"\",\"\"\nbob,\n", "4 alice / 0; 7 bob / 0"},
		{"a bad flag", "name,administrator\na,maybe\n", "2 a / 0 user-file-row(administrator)"},
		{"too few columns", "name,path\nalice\n", "2 alice / 0 user-file-row(columns)"},
		{"too many columns", "name\nalice,secret\n", "2 alice / 0 user-file-row(columns)"},
		{"bad names", "name,path\nä,\n" + strings.Repeat("a", 65) + ",\n,/x/\n", "2 ä / 0 name-invalid; 3 " + strings.Repeat("a", 65) + " / 0 name-invalid; 4  /x/ 0 name-invalid"},
		{"bad path", "name,path\nalice,x\n", "2 alice x 0 path-invalid"},
		{"bad passwords", "name,password\nalice,seven77\nbob,lóng enough 🐎\n", "2 alice / 7 password-too-short; 3 bob / 17 password-invalid"},
		{"umlauts in a password", "name,password\nalice,pässwörtchen\n", "2 alice / 14"},
	} {
		t.Run(row.name, func(t *testing.T) {
			data := []byte(row.file)
			l, err := ReadUsers(data)
			if err != nil {
				t.Fatal(err)
			}
			if got := show(l); got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
			if len(bytes.Trim(data, "\x00")) != 0 {
				t.Error("the file was not zeroed")
			}
			l.Wipe()
			for _, r := range l.Rows {
				if r.Password.Len() != 0 {
					t.Error("a password was not wiped")
				}
			}
		})
	}
	(*UserList)(nil).Wipe()
}

func TestReadUsersRefuses(t *testing.T) {
	long := "name,password\nalice," + strings.Repeat("a", maxUserLine) + "\n"
	for _, row := range []struct {
		name, file string
		code       mfa.Code
		params     string
	}{
		{"nothing", "", mfa.CodeUserFile, "map[line:1 why:heading]"},
		{"a mark alone", "\ufeff", mfa.CodeUserFile, "map[line:1 why:heading]"},
		{"no heading", "alice,hunter2hunter2\n", mfa.CodeUserFile, "map[line:1 why:heading]"},
		{"a column that is unknown", "name,e-mail\nalice,x\n", mfa.CodeUserFileRow, "map[field:e-mail line:1]"},
		{"a column that is no word", "name,hunter2 hunter2\n", mfa.CodeUserFileRow, "map[field:column 2 line:1]"},
		{"a column twice", "name,Name\n", mfa.CodeUserFileRow, "map[field:name line:1]"},
		{"semicolons", "name;password\nalice;hunter2hunter2\n", mfa.CodeUserFile, "map[line:1 why:heading]"},
		{"UTF-16", "\xff\xfen\x00a\x00m\x00e\x00", mfa.CodeUserFile, "map[line:1 why:encoding]"},
		{"Latin-1 in line 3", "name,password\nalice,pässwörtchen\nbob,p\xe4sswort12\n", mfa.CodeUserFile, "map[line:3 why:encoding]"},
		{"a line too long", long, mfa.CodeUserFile, "map[line:2 why:long-line]"},
		{"a line of 3.9 MB", "name\n" + strings.Repeat("a", 3_900_000), mfa.CodeUserFile, "map[line:2 why:long-line]"},
		{"5 MB", strings.Repeat("name\n", 1<<20), mfa.CodeUserFile, "map[line:1 why:large]"},
		{"a quote nobody closes", "name,password\nalice,\"hunter2\nbob,x\n", mfa.CodeUserFile, "map[line:2 why:quotes]"},
		{"a quote inside", "name,password\nalice,hun\"ter\n", mfa.CodeUserFile, "map[line:2 why:quotes]"},
		{"text after a quote", "name,password\nalice,\"hunter2\"x\n", mfa.CodeUserFile, "map[line:2 why:quotes]"},
		{"quotes in the heading", "name,\"x\n", mfa.CodeUserFile, "map[line:1 why:quotes]"},
		{"17 columns", "name\na" + strings.Repeat(",", 16) + "\n", mfa.CodeUserFile, "map[line:2 why:quotes]"},
		{"5,001 users", "name\n" + strings.Repeat("a\n", MaxUsers+1), mfa.CodeUserLimit, "map[max:5000]"},
	} {
		t.Run(row.name, func(t *testing.T) {
			data := []byte(row.file)
			l, err := ReadUsers(data)
			f := wants(t, err, row.code)
			if l != nil || fmt.Sprint(f.Params) != row.params {
				t.Errorf("params %v, want %s", f.Params, row.params)
			}
			if len(bytes.Trim(data, "\x00")) != 0 {
				t.Error("the file was not zeroed")
			}
		})
	}
	if l, err := ReadUsers([]byte("name\n" + strings.Repeat("a\n", MaxUsers))); err != nil || len(l.Rows) != MaxUsers {
		t.Errorf("5,000 users: %v", err)
	}
}

// FuzzReadUsers holds the reader to its bounds, and its CSV to encoding/csv.
func FuzzReadUsers(f *testing.F) {
	for _, seed := range []string{"", "name\nalice\n", "\ufeffname,password\r\nalice,\"a \"\"b\"\", c\"\r\n", "name,\"x\n", "name\n\"a\"b\n",
		"name,path,password,administrator,must_change\nalice,/x/,longenough,yes,1\n,,,,\n\n", "name\n\xff", "name\n\"a\nb\"\n", "name,name\n", "\"name\"\r"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text := string(data)
		l, err := ReadUsers(data)
		if len(bytes.Trim(data, "\x00")) != 0 {
			t.Fatal("the file was not zeroed")
		}
		if err != nil {
			var failure *mfa.Failure
			if l != nil || !errors.As(err, &failure) {
				t.Fatalf("%v with %v", l, err)
			}
		} else {
			if len(l.Rows) > MaxUsers || l.Good()+l.Bad() != len(l.Rows) || !utf8.ValidString(text) {
				t.Fatalf("%d rows", len(l.Rows))
			}
			last := 1
			for _, r := range l.Rows {
				if r.Line <= last || r.Problem == nil && (mfa.CheckName(r.Name) != nil || mfa.CheckPath(r.Path) != nil || r.Password != nil && mfa.CheckPassword(r.Password) != nil) {
					t.Fatalf("row %+v after line %d", r, last)
				}
				last = r.Line
			}
		}
		// The standard library drops carriage returns inside of quotes.
		if !strings.Contains(text, "\r") {
			compareCSV(t, text)
		}
	})
}

func compareCSV(t *testing.T, text string) {
	want := csv.NewReader(strings.NewReader(text))
	want.FieldsPerRecord = -1
	got := csvReader{rest: []byte(text), line: 1}
	for {
		fields, _, ok := got.next()
		record, err := want.Read()
		for err == nil && strings.Join(record, "") == "" { // rows of nothing are left out
			record, err = want.Read()
		}
		if !ok {
			if err == nil && len(record) <= maxColumns {
				t.Fatalf("refused %q", record)
			}
			return
		}
		if len(fields) == 0 {
			if err == nil {
				t.Fatalf("missed %q", record)
			}
			return
		}
		if err != nil || fmt.Sprintf("%q", record) != fmt.Sprintf("%q", fields) {
			t.Fatalf("got %q, want %q, %v", fields, record, err)
		}
	}
}
