package sqlite

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
)

// fill makes a database with n audit events and eight devices, closed.
func fill(b testing.TB, path string, n int) {
	b.Helper()
	s := reopen(b, path)
	ctx := b.Context()
	// The events are one transaction here: nobody waits for ten thousand fsyncs.
	if err := s.CreateAccount(ctx, storetest.NewAccount(), storetest.NewRoot(), mfa.Event{Kind: mfa.EventAccountCreated}); err != nil {
		b.Fatal(describe(err))
	}
	for i := range mfa.MaxDevices {
		d := storetest.NewPasskey("ROOT", fmt.Sprint("key", i))
		d.Passkey.AttestationObject = bytes.Repeat([]byte{byte(i)}, 1500)
		if err := s.AddDevice(ctx, d, mfa.Event{Kind: mfa.EventDeviceAdded, DeviceID: d.ID}); err != nil {
			b.Fatal(describe(err))
		}
	}
	err := s.change(ctx, mfa.Event{Kind: mfa.EventSignedOut}, func(t tx) error {
		for i := range n - 2 - mfa.MaxDevices {
			e := mfa.Event{At: time.Now(), Kind: mfa.EventSignInMFA, PrincipalID: mfa.NewID(), DeviceID: mfa.NewID(),
				Detail: map[string]string{"name": "Phone of somebody", "count": strconv.Itoa(i)}}
			if err := appendEvent(t, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(describe(err))
	}
	if err := s.Close(); err != nil {
		b.Fatal(describe(err))
	}
}

// BenchmarkOpen10k measures how long it takes until the account and its devices
// have been read from a database with 10,000 audit events, and the resident
// memory of this process (test binary included) after one such start.
func BenchmarkOpen10k(b *testing.B) { benchmarkOpen(b, func(string) {}) }

// BenchmarkOpen10kOnANewDay measures the same while the daily copy is made.
func BenchmarkOpen10kOnANewDay(b *testing.B) {
	benchmarkOpen(b, func(path string) {
		for _, p := range Backups(path) {
			os.Remove(p)
		}
	})
}

func benchmarkOpen(b *testing.B, prepare func(path string)) {
	path := filepath.Join(b.TempDir(), "keyferry.db")
	fill(b, path, 10_000)
	debug.FreeOSMemory()
	var ready []time.Duration
	for b.Loop() {
		start := time.Now()
		s, err := Open(b.Context(), path)
		if err != nil {
			b.Fatal(describe(err))
		}
		if _, err := s.Account(b.Context()); err != nil {
			b.Fatal(describe(err))
		}
		if list, err := s.Devices(b.Context(), "ROOT"); err != nil || len(list) != mfa.MaxDevices {
			b.Fatal(describe(err))
		}
		ready = append(ready, time.Since(start))
		b.StopTimer()
		if err := s.Close(); err != nil {
			b.Fatal(describe(err))
		}
		prepare(path)
		b.StartTimer()
	}
	slices.Sort(ready)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(ready[len(ready)/2].Microseconds())/1e3, "ready-p50-ms")
	b.ReportMetric(float64(m.HeapInuse)/1e6, "heap-MB")
	b.ReportMetric(resident(), "rss-MB")
}

// resident is the process's resident memory in MB, 0 where /proc does not say.
func resident() float64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.Atoi(string(fields[1]))
	return float64(pages*os.Getpagesize()) / 1e6
}

// BenchmarkVerifyChain10k measures a look at the whole trail, which a program
// does in the background.
func BenchmarkVerifyChain10k(b *testing.B) {
	path := filepath.Join(b.TempDir(), "keyferry.db")
	fill(b, path, 10_000)
	s := reopen(b, path)
	for b.Loop() {
		if err := s.VerifyChain(b.Context()); err != nil {
			b.Fatal(describe(err))
		}
	}
}
