package sqlite

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
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

// signature is one ES256 signature, as a sign-in brings it.
type signature struct {
	key    *ecdsa.PublicKey
	digest [32]byte
	bytes  []byte
}

func newSignature(b *testing.B) signature {
	b.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	s := signature{key: &key.PublicKey, digest: sha256.Sum256([]byte("authenticator data and client data hash"))}
	if s.bytes, err = ecdsa.SignASN1(rand.Reader, key, s.digest[:]); err != nil {
		b.Fatal(err)
	}
	return s
}

func (s signature) verify(b *testing.B) {
	if !ecdsa.VerifyASN1(s.key, s.digest[:], s.bytes) {
		b.Fatal("signature is wrong")
	}
}

// BenchmarkDurableSignIn measures a sign-in that is on the disk when it returns
// (verify, counter, audit event) against the same run's floor: a bare verify and
// one 4 KiB page that is written over in place and synced. The two take turns, so
// that both see the same disk. It reports both medians and their ratio.
func BenchmarkDurableSignIn(b *testing.B) {
	dir := b.TempDir()
	s := reopen(b, filepath.Join(dir, "keyferry.db"))
	ctx := b.Context()
	if err := s.CreateAccount(ctx, storetest.NewAccount(), storetest.NewRoot(), mfa.Event{Kind: mfa.EventAccountCreated}); err != nil {
		b.Fatal(err)
	}
	d := storetest.NewPasskey("ROOT", "key")
	d.Passkey.AttestationObject = bytes.Repeat([]byte{7}, 1500)
	if err := s.AddDevice(ctx, d, mfa.Event{Kind: mfa.EventDeviceAdded}); err != nil {
		b.Fatal(err)
	}
	raw, err := os.Create(filepath.Join(dir, "raw"))
	if err != nil {
		b.Fatal(err)
	}
	defer raw.Close()
	page := make([]byte, 4096)
	if _, err := raw.Write(page); err != nil {
		b.Fatal(err)
	}
	sig := newSignature(b)
	var floor, durable []time.Duration
	for b.Loop() {
		start := time.Now()
		sig.verify(b)
		page[0]++
		if _, err := raw.WriteAt(page, 0); err != nil {
			b.Fatal(err)
		}
		if err := raw.Sync(); err != nil {
			b.Fatal(err)
		}
		floor = append(floor, time.Since(start))

		start = time.Now()
		sig.verify(b)
		d.LastUsedAt = start
		d.Passkey.SignCount++
		e := mfa.Event{At: start, Kind: mfa.EventSignInMFA, PrincipalID: "ROOT", DeviceID: d.ID, Detail: map[string]string{"name": d.Name}}
		if err := s.UpdateDevice(ctx, d, e); err != nil {
			b.Fatal(describe(err))
		}
		d.Version++
		durable = append(durable, time.Since(start))
	}
	slices.Sort(floor)
	slices.Sort(durable)
	n := len(floor)
	b.ReportMetric(float64(floor[n/2].Nanoseconds())/1e3, "raw-p50-us")
	b.ReportMetric(float64(durable[n/2].Nanoseconds())/1e3, "durable-p50-us")
	b.ReportMetric(float64(durable[n*99/100].Nanoseconds())/1e3, "durable-p99-us")
	b.ReportMetric(float64(durable[n/2])/float64(floor[n/2]), "p50-ratio")
}

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
