package assembly

import (
	"bytes"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
)

// BenchmarkReady10k measures how long it takes until the back end of the window
// can answer its first question, with 10,000 audit events in the database, and
// the resident memory of this process (test binary included) after one start.
func BenchmarkReady10k(b *testing.B) {
	dir := b.TempDir()
	h, err := Open(b.Context(), Config{Home: dir, Secrets: nobody(dir)})
	if err != nil {
		b.Fatal(err)
	}
	if _, _, err := h.Accounts.Create(b.Context(), account.NewAccount{Alias: "acme-lab", Email: "root@example.org", Password: password()}); err != nil {
		b.Fatal(err)
	}
	for i := range 10_000 - 1 {
		e := mfa.Event{At: time.Now(), Kind: mfa.EventSignInMFA, PrincipalID: mfa.NewID(), DeviceID: mfa.NewID(), Detail: map[string]string{"name": "Phone " + strconv.Itoa(i)}}
		if err := h.Store.AddEvent(b.Context(), e); err != nil {
			b.Fatal(err)
		}
	}
	if err := h.Close(); err != nil {
		b.Fatal(err)
	}
	debug.FreeOSMemory() // what creating the account and its hash left behind
	var ready []time.Duration
	var resident float64
	for b.Loop() {
		start := time.Now()
		d, err := OpenDesk(b.Context(), Config{Home: dir, Secrets: nobody(dir)})
		if err != nil {
			b.Fatal(err)
		}
		if s := d.State(); s.Phase != desk.PhaseSignIn {
			b.Fatalf("opens in %s: %v", s.Phase, s.Failure)
		}
		ready = append(ready, time.Since(start))
		b.StopTimer()
		if len(ready) == 1 {
			resident = residentMB()
		}
		if err := d.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	slices.Sort(ready)
	b.ReportMetric(float64(ready[len(ready)/2].Microseconds())/1e3, "ready-p50-ms")
	b.ReportMetric(resident, "rss-MB")
}

// residentMB is the process's resident memory in MB, 0 where /proc does not say.
func residentMB() float64 {
	text, err := os.ReadFile("/proc/self/statm")
	fields := bytes.Fields(text)
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.Atoi(string(fields[1]))
	return float64(pages*os.Getpagesize()) / 1e6
}
