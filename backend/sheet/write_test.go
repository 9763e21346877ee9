package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"slices"
	"testing"
)

func TestWrite(t *testing.T) {
	var out bytes.Buffer
	rows := [][]string{{"=1+1,2", "a,b", ""}, {"@SUM", "-1", "+1"}, {"\tcmd", "\rcmd", "plain = +"}}
	if err := Write(&out, []string{"one", "two", "three"}, rows); err != nil {
		t.Fatal(err)
	}
	got, err := csv.NewReader(&out).ReadAll()
	want := [][]string{{"one", "two", "three"}, {"'=1+1,2", "a,b", ""}, {"'@SUM", "'-1", "'+1"}, {"'\tcmd", "'\rcmd", "plain = +"}}
	if err != nil || !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got %q, %v", got, err)
	}
	if rows[0][0] != "=1+1,2" {
		t.Error("the caller's cells were changed")
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWriteErrorIsTold(t *testing.T) {
	if err := Write(full{}, []string{"one"}, nil); err == nil {
		t.Error("a table that was not written is no error")
	}
}
