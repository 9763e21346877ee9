package mds_test

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/mds/mdstest"
)

// allocated is how many bytes f takes from the heap in all, given back or not.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// What a large file may cost depends on who signed it.
func TestMemory(t *testing.T) {
	s := mdstest.New(t)
	parts := strings.SplitN(string(s.Blob()), ".", 3)
	long := strings.Repeat("A", 8<<20)
	icon := s.Blob(mdstest.Entry{AAGUID: mdstest.Model(1), Icon: "data:image/png;base64," + strings.Repeat("A", 8<<20)})
	names := s.Blob(mdstest.Entry{AAGUID: mdstest.Model(1), Name: strings.Repeat(`\"`, 512<<10)})
	reports := s.Sign([]byte(`{"no":1,"entries":[` + strings.Repeat(`{"statusReports":[`+strings.Repeat(`{"status":"A"},`, 200)+`{"status":"A"}]},`, 400) + `{}]}`))
	const mb = 1 << 20
	for _, c := range []struct {
		name string
		raw  []byte
		a    mds.Anchors
		most uint64 // beyond the decoded payload
		fits bool
	}{
		{"dots", bytes.Repeat([]byte{'.'}, 8<<20), s.Anchors(), mb, false},
		{"one part", []byte(long), s.Anchors(), mb, false},
		{"long header", []byte(long + "." + parts[1] + "." + parts[2]), s.Anchors(), mb, false},
		{"long payload, not signed", []byte(parts[0] + "." + long + "." + parts[2]), s.Anchors(), mb, false},
		{"long signature", []byte(parts[0] + "." + parts[1] + "." + long), s.Anchors(), mb, false},
		{"long payload, another root", icon, mds.FIDO(), mb, false},
		{"a picture of 8 MB", icon, s.Anchors(), uint64(len(icon))*3/4 + mb, true},
		{"a name of 1 MB", names, s.Anchors(), uint64(len(names))*3/4 + mb, true},
		{"80,000 reports", reports, s.Anchors(), uint64(len(reports))*3/4 + 64*mb, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var err error
			if got := allocated(func() { _, err = mds.Open(c.raw, c.a, mdstest.Now) }); got > c.most {
				t.Errorf("%.1f MB, at most %.1f", float64(got)/mb, float64(c.most)/mb)
			}
			if (err == nil) != c.fits {
				t.Error(err)
			}
		})
	}
}
