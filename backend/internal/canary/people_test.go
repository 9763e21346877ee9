package canary

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
)

// A list that is refused as a whole adds nobody, and a list with bad rows adds nobody
// either until somebody says "the others".
func TestBadListsOfUsers(t *testing.T) {
	l := newLab(t)
	l.user("ann")
	for name, row := range map[string]struct {
		text string
		code mfa.Code // of the file, or else of its last row
	}{
		"empty":              {"", mfa.CodeUserFile},
		"no heading":         {"gus,correct horse\n", mfa.CodeUserFile},
		"an unknown column":  {"name,shoe\ngus,44\n", mfa.CodeUserFileRow},
		"a column twice":     {"name,name\ngus,gus\n", mfa.CodeUserFileRow},
		"no name":            {"path\n/\n", mfa.CodeUserFile},
		"Latin-1":            {"name,password\ngus,M\xfcnchen-1234\n", mfa.CodeUserFile},
		"UTF-16":             {"\xff\xfen\x00a\x00m\x00e\x00\n\x00", mfa.CodeUserFile},
		"UTF-8, then UTF-16": {"name,password\ngus,correct horse\n\xff\xfeb\x00o\x00b\x00\n\x00", mfa.CodeUserFile},
		"an open quote":      {"name,password\ngus,\"correct horse\n", mfa.CodeUserFile},
		"a quote within":     {"name,password\ngus,corr\"ect horse\n", mfa.CodeUserFile},
		"too few fields":     {"name,password,path\ngood,,\ngus\n", mfa.CodeUserFileRow},
		"too many fields":    {"name\ngood\ngus,x,y\n", mfa.CodeUserFileRow},
		"a bad name":         {"name\ngood\ng u s\n", mfa.CodeNameInvalid},
		"a NUL in a name":    {"name\ngood\ng\x00s\n", mfa.CodeNameInvalid},
		"no name in a row":   {"name,path\ngood,/\n,/x/\n", mfa.CodeNameInvalid},
		"a name of 65":       {"name\ngood\n" + strings.Repeat("g", 65) + "\n", mfa.CodeNameInvalid},
		"Cyrillic":           {"name\ngood\nаnn\n", mfa.CodeNameInvalid},
		"a bad path":         {"name,path\ngood,/\ngus,crew\n", mfa.CodePathInvalid},
		"a short password":   {"name,password\ngood,\ngus,short\n", mfa.CodePasswordShort},
		"a strange password": {"name,password\ngood,\ngus,金丝雀金丝雀金丝雀\n", mfa.CodePasswordInvalid},
		"neither yes nor no": {"name,administrator\ngood,no\ngus,maybe\n", mfa.CodeUserFileRow},
		"somebody who is":    {"name\ngood\nANN\n", mfa.CodeNameTaken},
		"somebody twice":     {"name\ngus\nGUS\n", mfa.CodeNameTaken},
	} {
		t.Run(name, func(t *testing.T) {
			l := *l
			l.TB = t
			l.unchanged(name, false, func() {
				list, err := account.ReadUsers([]byte(row.text))
				if err != nil {
					wants(t, "the list", err, row.code)
					return
				}
				defer list.Wipe()
				l.must(l.accounts.CheckUsers(t.Context(), l.who, list))
				last := list.Rows[len(list.Rows)-1]
				if last.Problem == nil || last.Problem.Code != row.code || list.Good() != 1 || list.Bad() != 1 {
					t.Fatalf("%d good, %d bad, %v; want %s", list.Good(), list.Bad(), last.Problem, row.code)
				}
				_, err = l.accounts.AddUsers(t.Context(), l.who, list, false, nil)
				wants(t, "all or none", err, mfa.CodeImportProblems)
			})
		})
	}
	list, err := account.ReadUsers([]byte(utf8Mark + "\"name\",\"password\"\r\n\"gus\",\"it's \"\"quoted\"\", and, so\"\r\n\r\nbad name,x\r\n"))
	l.must(err)
	l.must(l.accounts.CheckUsers(t.Context(), l.who, list))
	if n, err := l.accounts.AddUsers(t.Context(), l.who, list, true, nil); n != 1 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	if p, err := l.ceremony.Password(t.Context(), named("GUS"), secret(`it's "quoted", and, so`)); err != nil || p.Session == nil {
		t.Errorf("what a spreadsheet quoted does not sign in: %v", err)
	}
}

// Lists that are too much are refused in bounded time and memory.
func TestHugeListsOfUsers(t *testing.T) {
	l := newLab(t)
	line := strings.Repeat("a", 8<<20)
	var many strings.Builder
	many.WriteString("name\n")
	for i := range account.MaxUsers + 1 {
		fmt.Fprintf(&many, "user%d\n", i)
	}
	for name, row := range map[string]struct {
		text string
		code mfa.Code
	}{
		"a line of 8 MB":    {"name\n" + line + "\n", mfa.CodeUserFile},
		"a heading":         {line, mfa.CodeUserFile},
		"a quote":           {"name,password\ngus,\"" + strings.Repeat("x", 3<<20), mfa.CodeUserFile},
		"quotes":            {"name,password\ngus," + strings.Repeat(`"`, 3<<20), mfa.CodeUserFile},
		"commas":            {"name" + strings.Repeat(",", 3<<20), mfa.CodeUserFile},
		"one user too many": {many.String(), mfa.CodeUserLimit},
	} {
		t.Run(name, func(t *testing.T) {
			data := []byte(row.text)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			begun := time.Now()
			_, err := account.ReadUsers(data)
			took := time.Since(begun)
			runtime.ReadMemStats(&after)
			wants(t, "the list", err, row.code)
			if f := mfa.AsFailure(err); f == nil || len(f.Explain())+len(fmt.Sprint(f.Params)) > 500 {
				t.Error("the failure repeats the list")
			}
			if took > time.Minute || after.TotalAlloc-before.TotalAlloc > 128<<20 {
				t.Errorf("it took %v and %d MB", took, (after.TotalAlloc-before.TotalAlloc)>>20)
			}
			if len(bytes.Trim(data, "\x00")) > 0 {
				t.Error("passwords stay in the buffer")
			}
		})
	}
	// as many as there may be, with those who are there: root and nobody else
	text := []byte(many.String()[:strings.LastIndex(many.String(), "user")])
	list, err := account.ReadUsers(text)
	l.must(err)
	l.must(l.accounts.CheckUsers(t.Context(), l.who, list))
	if n, err := l.accounts.AddUsers(t.Context(), l.who, list, false, nil); n != account.MaxUsers || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	l.unchanged("beyond the limit", false, func() {
		_, err := l.accounts.AddUser(t.Context(), l.who, account.NewUser{Name: "late"})
		wants(t, "the user after the last", err, mfa.CodeUserLimit)
		if f := mfa.AsFailure(err); f != nil && f.IAM() != "LimitExceeded" {
			t.Errorf("%s", f.IAM())
		}
	})
}
