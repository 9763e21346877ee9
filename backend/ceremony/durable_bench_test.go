package ceremony

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/sqlite"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// BenchmarkDurableSignIn measures what follows the phone's answer: the whole
// verification, then counter and audit event in one transaction that is on the
// disk when it returns. Its floor in the same run is one bare P-256 verification
// and one 4 KiB page that is written over in place and synced. The two take
// turns, so that both see the same disk.
func BenchmarkDurableSignIn(b *testing.B) {
	phone := virtualauth.Android()
	phone.Counter = virtualauth.Rising
	store, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "keyferry.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	t := newBenchOver(b, phone, store)
	t.enrol(b, "my-phone")
	pending := t.pending(b)
	party, origin, err := t.relyingParty(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	floor := newFloor(b)
	var raw, durable []time.Duration
	for b.Loop() {
		devices := t.devices(b)
		options, err := party.BeginAuthentication(pending.Principal, "one", mfa.RoadPhone, devices)
		if err != nil {
			b.Fatal(err)
		}
		response, err := authenticator.Client{Open: func(context.Context, authenticator.Want) (authenticator.Authenticator, error) {
			return open{t.phones.device}, nil
		}}.Get(b.Context(), options, origin)
		if err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		floor.once(b)
		raw = append(raw, time.Since(start))

		start = time.Now()
		assertion, err := party.FinishAuthentication(pending.Principal, "one", devices, response)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := t.used(b.Context(), pending.Principal, devices, assertion); err != nil {
			b.Fatal(err)
		}
		durable = append(durable, time.Since(start))
	}
	slices.Sort(raw)
	slices.Sort(durable)
	n := len(raw)
	b.ReportMetric(float64(raw[n/2].Nanoseconds())/1e3, "raw-p50-us")
	b.ReportMetric(float64(durable[n/2].Nanoseconds())/1e3, "durable-p50-us")
	b.ReportMetric(float64(durable[n*99/100].Nanoseconds())/1e3, "durable-p99-us")
	b.ReportMetric(float64(durable[n/2])/float64(raw[n/2]), "p50-ratio")
}

// floor is what no durable sign-in can do without.
type floor struct {
	file   *os.File
	page   [4096]byte
	key    *ecdsa.PublicKey
	digest [32]byte
	sig    []byte
}

func newFloor(b *testing.B) *floor {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	f := &floor{key: &key.PublicKey, digest: sha256.Sum256([]byte("authenticator data and client data hash"))}
	if f.sig, err = ecdsa.SignASN1(rand.Reader, key, f.digest[:]); err != nil {
		b.Fatal(err)
	}
	if f.file, err = os.Create(filepath.Join(b.TempDir(), "raw")); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { f.file.Close() })
	f.once(b)
	return f
}

func (f *floor) once(b *testing.B) {
	if !ecdsa.VerifyASN1(f.key, f.digest[:], f.sig) {
		b.Fatal("signature is wrong")
	}
	f.page[0]++
	if _, err := f.file.WriteAt(f.page[:], 0); err != nil {
		b.Fatal(err)
	}
	if err := f.file.Sync(); err != nil {
		b.Fatal(err)
	}
}
