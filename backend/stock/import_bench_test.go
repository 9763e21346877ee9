package stock

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
	"github.com/keyferry/keyferry/backend/rules"
	"github.com/keyferry/keyferry/backend/sqlite"
	"github.com/keyferry/keyferry/backend/vault"
)

const imported = 10_000

// BenchmarkImport10k measures an import of 10,000 tokens: reading, checking, sealing
// with the real vault, one transaction on the disk. Beside it, in turns, is what nobody
// can do without: as many bare AES-GCM seals, and bare inserts of what comes out.
func BenchmarkImport10k(b *testing.B) {
	var file strings.Builder
	for i := range imported {
		fmt.Fprintf(&file, "TOKEN%06d,%040x,TOTP,6,30\n", i, i+1)
	}
	var ours, bare []time.Duration
	for b.Loop() {
		ours = append(ours, importAll(b, file.String()))
		bare = append(bare, sealAndInsert(b))
	}
	slices.Sort(ours)
	slices.Sort(bare)
	o, a := ours[len(ours)/2], bare[len(bare)/2]
	b.ReportMetric(float64(o.Milliseconds()), "p50-ms")
	b.ReportMetric(float64(a.Milliseconds()), "bare-ms")
	b.ReportMetric(float64(o)/float64(a), "ratio")
	b.ReportMetric(0, "ns/op")
}

func importAll(b *testing.B, file string) time.Duration {
	ctx := b.Context()
	store, err := sqlite.Open(ctx, filepath.Join(b.TempDir(), "keyferry.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	root := storetest.NewRoot()
	if err := store.CreateAccount(ctx, storetest.NewAccount(), root, mfa.Event{Kind: mfa.EventAccountCreated}); err != nil {
		b.Fatal(err)
	}
	v := vault.New(vault.Config{Store: store, Clock: time.Now, Rand: rand.Reader})
	defer v.Close()
	if err := v.Start(ctx, storetest.NewAccount().ID); err != nil {
		b.Fatal(err)
	}
	if err := v.SetUp(ctx, root.ID, mfa.NewSecret([]byte("correct horse battery"))); err != nil {
		b.Fatal(err)
	}
	accounts := account.New(account.Config{Store: store, Rules: rules.New(store, time.Now), Clock: time.Now})
	s := New(Config{Store: store, Accounts: accounts, Vault: v})
	who := mfa.Session{PrincipalID: root.ID}

	start := time.Now()
	p, err := s.Preview(ctx, who, []byte(file), Secrets{})
	if err != nil {
		b.Fatal(err)
	}
	if n, err := s.Import(ctx, who, p, false, nil); err != nil || n != imported {
		b.Fatal(n, err)
	}
	return time.Since(start)
}

func sealAndInsert(b *testing.B) time.Duration {
	db, err := sql.Open("sqlite", "file:"+filepath.ToSlash(filepath.Join(b.TempDir(), "bare.db"))+"?_pragma=journal_mode(wal)&_pragma=synchronous(full)")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("CREATE TABLE t (id TEXT NOT NULL UNIQUE, serial TEXT NOT NULL UNIQUE, sealed BLOB NOT NULL, made INTEGER NOT NULL) STRICT"); err != nil {
		b.Fatal(err)
	}
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		b.Fatal(err)
	}

	start := time.Now()
	tx, err := db.Begin()
	if err != nil {
		b.Fatal(err)
	}
	insert, err := tx.Prepare("INSERT INTO t VALUES (?, ?, ?, ?)")
	if err != nil {
		b.Fatal(err)
	}
	for i := range imported {
		nonce, id := make([]byte, 12), mfa.NewID()
		rand.Read(nonce)
		if _, err := insert.Exec(id, fmt.Sprintf("TOKEN%06d", i), gcm.Seal(nonce, nonce, make([]byte, 20), []byte(id)), int64(i)); err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}
