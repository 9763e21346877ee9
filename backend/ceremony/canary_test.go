package ceremony

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/sqlite"
	"github.com/keyferry/keyferry/backend/totp"
	"github.com/keyferry/keyferry/backend/vault"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// canaries are secrets that must not be found where anybody could read them.
type canaries map[string][]byte

func (c canaries) plant(name string, secret []byte) {
	c[name] = bytes.Clone(secret)
	c[name+" in hex"] = []byte(hex.EncodeToString(secret))
	base32 := totp.Base32(mfa.NewSecret(bytes.Clone(secret)))
	c[name+" in base32"] = bytes.Clone(base32.Bytes())
}

func (c canaries) search(t *testing.T, where string, text []byte) {
	t.Helper()
	for name, canary := range c {
		if bytes.Contains(text, canary) || bytes.Contains(bytes.ToLower(text), bytes.ToLower(canary)) {
			t.Errorf("%s is in %s", name, where)
		}
	}
}

// Seeds, codes, what rings a phone and recovery codes go through everything that can be
// done with them, and are found in no file, log, event or failure.
func TestNoSecretIsLeftAnywhere(t *testing.T) {
	dir := t.TempDir()
	store, err := sqlite.Open(t.Context(), filepath.Join(dir, "keyferry.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	b := newBenchOver(t, virtualauth.Android(), store)
	var log bytes.Buffer
	b.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	v := vault.New(vault.Config{Store: store, Clock: b.clock.read, Rand: b.Rand, Cost: vault.Cost{Time: 1, MemoryKiB: 64, Threads: 1}})
	defer v.Close()
	a, err := store.Account(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Start(t.Context(), a.ID); err != nil {
		t.Fatal(err)
	}
	if err := v.SetUp(t.Context(), b.who.PrincipalID, mfa.NewSecret([]byte("a long passphrase"))); err != nil {
		t.Fatal(err)
	}
	b.Vault = v
	found := canaries{}

	g := b.create(t, b.who, "", "my-app")
	found.plant("the seed", g.seed.Bytes())
	first, second := b.pair(t, g)
	d, err := b.EnableApp(t.Context(), b.who, "", g.ID, first, second)
	if err != nil {
		t.Fatal(err)
	}
	b.who.MFAAt = b.clock.read()
	secret, contact := []byte("this is what rings the telephone"), []byte("contact at a relay")
	l := link()
	l.ContactID, l.Secret = bytes.Clone(contact), mfa.NewSecret(bytes.Clone(secret))
	found.plant("the link's secret", secret)
	found.plant("the contact", contact)
	b.phones.link = l
	b.enrol(t, "my-phone")
	links := b.links(t)
	if len(links) != 1 {
		t.Fatalf("%d links", len(links))
	}
	printed := b.printed(t, v)
	for i, c := range printed {
		found[fmt.Sprintf("recovery code %d", i)] = bytes.Clone(c.Bytes())
		found[fmt.Sprintf("recovery code %d in one", i)] = bytes.ReplaceAll(c.Bytes(), []byte("-"), nil)
	}
	var said []string
	tell := func(err error) {
		said = append(said, fmt.Sprintf("%v %+v %s", err, mfa.AsFailure(err), mfa.AsFailure(err).Explain()))
	}
	pending := b.pending(t)
	for _, code := range []string{first, second, b.code(t, g, 100)} {
		_, err := b.SignInWithCode(t.Context(), pending, code)
		tell(err)
	}
	b.clock.add(step)
	tell(b.ResyncPending(t.Context(), pending, g.ID, b.code(t, g, 200), b.code(t, g, 201)))
	wrong := bytes.Clone(printed[0].Bytes())
	wrong[len(wrong)-1] = map[bool]byte{true: '1', false: '0'}[wrong[len(wrong)-1] == '0']
	_, err = b.SignInWithRecovery(t.Context(), pending, mfa.NewSecret(wrong))
	tell(err)
	if _, err := b.SignInWithRecovery(t.Context(), pending, printed[1]); err != nil {
		t.Fatal(err)
	}
	if _, err := b.SignInWithDevice(t.Context(), b.pending(t), mfa.RoadPhone, &links[0], Person{}); err != nil {
		t.Fatal(err)
	}
	b.signIn(t, g)
	said = append(said, fmt.Sprintf("%+v %#v", d, links[0]))

	b.Service.Close()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 2 {
		t.Errorf("only %d files: where is what has just been written?", len(files))
	}
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		found.search(t, f.Name(), text)
	}
	events, err := store.Events(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	// Six digits stand in an address or an identifier by chance: a code is what stands by itself.
	codes := regexp.MustCompile(`\b(` + strings.Join([]string{first, second, b.code(t, g, 0)}, "|") + `)\b`)
	search := func(where string, text []byte) {
		found.search(t, where, text)
		if codes.Match(text) {
			t.Errorf("a code is in %s: %s", where, text)
		}
	}
	for _, e := range events {
		search("event "+string(e.Kind), fmt.Appendf(nil, "%v", e.Detail))
	}
	search("the log", log.Bytes())
	search("what was said", []byte(strings.Join(said, "\n")))
	if !codes.MatchString("code=" + first + " ") {
		t.Error("a code would not be found")
	}
	if !bytes.Contains([]byte("xx"+hex.EncodeToString(secret)), found["the link's secret in hex"]) {
		t.Error("this test could not fail")
	}
}
