package simkey

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
	"github.com/keyferry/keyferry/backend/u2f"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

const (
	rpID     = "keyferry.internal"
	patience = 20 * time.Second // only ends tests that have failed
)

var hash = bytes.Repeat([]byte{0xaa}, 32)

// bench is a key, and somebody who sees it.
type bench struct {
	*Key
	t    *testing.T
	seen chan State

	mu   sync.Mutex
	auto bool // touches whatever blinks
}

func open(t *testing.T, c Config) *bench {
	t.Helper()
	b := &bench{t: t, seen: make(chan State, 1000), auto: true}
	blinks := make(chan struct{}, 1000)
	c.Changed = func(s State) {
		b.seen <- s
		if s.Waiting {
			blinks <- struct{}{}
		}
	}
	k, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	b.Key = k
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range blinks {
			if b.isAuto() {
				b.Touch()
			}
		}
	}()
	t.Cleanup(func() {
		b.Close()
		close(blinks)
		<-done
	})
	return b
}

func (b *bench) isAuto() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.auto
}

// leave lets the key blink from now on.
func (b *bench) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.auto = false
}

// until waits for a state.
func (b *bench) until(what string, is func(State) bool) State {
	b.t.Helper()
	guard := time.NewTimer(patience)
	defer guard.Stop()
	for {
		select {
		case s := <-b.seen:
			if is(s) {
				return s
			}
		case <-guard.C:
			b.t.Fatalf("never %s", what)
		}
	}
}

func (b *bench) blinks() State {
	b.t.Helper()
	return b.until("blinks", func(s State) bool { return s.Waiting })
}

// reach opens the key in the port.
func (b *bench) reach() transport.Key {
	b.t.Helper()
	slots, err := b.Bus().List(b.t.Context())
	if err != nil || len(slots) != 1 {
		b.t.Fatalf("%d slots (%v)", len(slots), err)
	}
	key, err := b.Bus().Open(b.t.Context(), slots[0].ID)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { key.Close() })
	return key
}

func secret(text string) *mfa.Secret { return mfa.NewSecret([]byte(text)) }

func creation(rk bool) ctap2.MakeCredentialRequest {
	return ctap2.MakeCredentialRequest{
		ClientDataHash: hash, RP: ctap2.RelyingParty{ID: rpID, Name: "Keyferry"}, User: ctap2.User{ID: []byte("ada"), Name: "ada"},
		Parameters: []ctap2.CredentialParameters{{Type: ctap2.PublicKeyType, Alg: ctap2.ES256}}, Options: map[string]bool{"rk": rk},
	}
}

func create(ctx context.Context, ch ctap2.Channel, token *ctap2.Token, rk bool) (ctap2.MakeCredentialResponse, ctap2.AuthenticatorData, error) {
	r := creation(rk)
	if token != nil {
		r.PinUvAuthProtocol, r.PinUvAuthParam = token.Protocol(), token.Authenticate(hash)
	}
	answer, err := ctap2.MakeCredential(ctx, ch, r, nil)
	if err != nil {
		return answer, ctap2.AuthenticatorData{}, err
	}
	d, err := ctap2.ParseAuthenticatorData(answer.AuthData)
	return answer, d, err
}

func get(ctx context.Context, ch ctap2.Channel, id []byte) error {
	r := ctap2.GetAssertionRequest{RPID: rpID, ClientDataHash: hash}
	if id != nil {
		r.AllowList = []ctap2.PublicKeyCredentialDescriptor{{Type: ctap2.PublicKeyType, ID: id}}
	}
	_, err := ctap2.GetAssertion(ctx, ch, r, nil)
	return err
}

func (b *bench) token(key transport.Key, pin string, p ctap2.Permission) (*ctap2.Token, error) {
	b.t.Helper()
	info, err := ctap2.GetInfo(b.t.Context(), key)
	if err != nil {
		b.t.Fatal(err)
	}
	return ctap2.TokenByPIN(b.t.Context(), key, info, secret(pin), p, rpID, rand.Reader)
}

// TestEveryModelOfCTAP2 goes through a key's life with each of them.
func TestEveryModelOfCTAP2(t *testing.T) {
	for _, model := range []Model{Plain, Certified, Fingerprint, Old} {
		t.Run(string(model), func(t *testing.T) {
			b := open(t, Config{Model: model})
			b.Plug(true)
			key := b.reach()
			ctx := t.Context()
			if cbor, msg := key.Speaks(); !cbor || !msg || key.Way() != transport.WayUSB {
				t.Errorf("speaks CTAP2 %v, CTAP1 %v, way %s", cbor, msg, key.Way())
			}
			info, err := ctap2.GetInfo(ctx, key)
			if err != nil {
				t.Fatal(err)
			}
			if info.AAGUID != model.AAGUID() || info.HasVersion("FIDO_2_1") == (model == Old) || info.IsOn("uv") != (model == Fingerprint) {
				t.Errorf("%+v", info)
			}
			if err := ctap2.SetPIN(ctx, key, info, secret("2468"), rand.Reader); err != nil {
				t.Fatal(err)
			}
			if s := b.State(); !s.PINSet || !s.Plugged || s.Model != model || !slices.Equal(s.Models, Models()) {
				t.Errorf("%+v", s)
			}
			if _, err := b.token(key, "1111", ctap2.PermissionMakeCredential); !mfa.IsCode(err, mfa.CodePINWrong) {
				t.Errorf("a wrong PIN: %v", err)
			}
			token, err := b.token(key, "2468", ctap2.PermissionMakeCredential)
			if err != nil {
				t.Fatal(err)
			}
			_, d, err := create(ctx, key, token, true)
			if err != nil {
				t.Fatal(err)
			}
			if !d.Flags.Has(ctap2.FlagUP|ctap2.FlagUV) || d.Attested.AAGUID != model.AAGUID() || b.State().Passkeys != 1 {
				t.Errorf("flags %#x, state %+v", d.Flags, b.State())
			}
			if err := get(ctx, key, nil); err != nil {
				t.Error(err)
			}
			token, err = b.token(key, "2468", ctap2.PermissionCredentialManagement)
			if err != nil {
				t.Fatal(err)
			}
			info, _ = ctap2.GetInfo(ctx, key)
			if err := ctap2.DeleteStored(ctx, key, info, token, d.Attested.CredentialID); err != nil || b.State().Passkeys != 0 {
				t.Errorf("%v, %d passkeys", err, b.State().Passkeys)
			}
			if err := ctap2.Select(ctx, key, info, nil); err != nil {
				t.Error(err)
			}
			if err := ctap2.Reset(ctx, key, nil); err != nil || b.State().PINSet {
				t.Errorf("reset: %v", err)
			}
			if err := key.Wink(ctx); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestU2FModel(t *testing.T) {
	b := open(t, Config{Model: U2F})
	b.Plug(true)
	key := b.reach()
	if cbor, msg := key.Speaks(); cbor || !msg {
		t.Errorf("speaks CTAP2 %v, CTAP1 %v", cbor, msg)
	}
	if _, err := key.Exchange(t.Context(), []byte{ctap2.CommandGetInfo}, nil); err == nil {
		t.Error("it answers CTAP2")
	}
	ch := u2f.New(key)
	answer, d, err := create(t.Context(), ch, nil, false)
	if err != nil || answer.Format != "fido-u2f" {
		t.Fatalf("%s (%v)", answer.Format, err)
	}
	s := b.blinks()
	if s.Op != OpCreate || s.RPID != "" {
		t.Errorf("%+v", s)
	}
	if err := get(t.Context(), ch, d.Attested.CredentialID); err != nil {
		t.Error(err)
	}
	if s := b.blinks(); s.Op != OpSignIn {
		t.Errorf("%+v", s)
	}
	if err := get(t.Context(), ch, []byte("another")); !mfa.IsCode(err, mfa.CodeNoCredential) {
		t.Errorf("another handle: %v", err)
	}
	if s := b.State(); s.Passkeys != 0 || s.Waiting {
		t.Errorf("%+v", s)
	}
}

// TestAPollIsForgotten: a client of U2F that stops asking leaves no open question.
func TestAPollIsForgotten(t *testing.T) {
	b := open(t, Config{Model: U2F})
	b.leave()
	if b.present(virtualauth.Prompt{Op: virtualauth.OpCreate}) {
		t.Fatal("untouched")
	}
	if b.present(virtualauth.Prompt{Op: virtualauth.OpCreate}) {
		t.Fatal("asked again is not touched")
	}
	b.Key.mu.Lock()
	p := b.polled
	b.Key.mu.Unlock()
	if err := b.Touch(); err != nil {
		t.Fatal(err)
	}
	if err := b.Touch(); !mfa.IsCode(err, mfa.CodeNotFound) {
		t.Errorf("touched twice: %v", err)
	}
	p.over.Reset(0)
	for guard := time.Now().Add(patience); time.Now().Before(guard); {
		b.Key.mu.Lock()
		gone := b.polled == nil
		b.Key.mu.Unlock()
		if gone {
			break
		}
		runtime.Gosched()
	}
	if b.present(virtualauth.Prompt{Op: virtualauth.OpGet}) {
		t.Error("an old touch was taken for a new question")
	}
}

func TestItBlinksUntilItIsTouched(t *testing.T) {
	b := open(t, Config{})
	b.leave()
	if err := b.Touch(); !mfa.IsCode(err, mfa.CodeNotFound) {
		t.Errorf("touched for nothing: %v", err)
	}
	b.Plug(true)
	key := b.reach()
	result := make(chan error, 1)
	var alive []byte
	go func() {
		_, err := ctap2.MakeCredential(t.Context(), key, creation(false), func(status byte) { alive = append(alive, status) })
		result <- err
	}()
	if s := b.blinks(); s.Op != OpCreate || s.RPID != rpID {
		t.Errorf("%+v", s)
	}
	if err := b.Touch(); err != nil {
		t.Fatal(err)
	}
	if err := <-result; err != nil {
		t.Error(err)
	}
	if !slices.Contains(alive, ctap2.KeepaliveUPNeeded) {
		t.Errorf("keep-alives %v", alive)
	}
	if s := b.State(); s.Waiting || s.Op != "" || s.RPID != "" {
		t.Errorf("%+v", s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, _, err := create(ctx, key, nil, false)
		result <- err
	}()
	b.blinks()
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	b.until("dark after a cancel", func(s State) bool { return !s.Waiting })
	if _, err := ctap2.GetInfo(t.Context(), key); err != nil {
		t.Errorf("after a cancel: %v", err)
	}
}

func TestItsPatienceEnds(t *testing.T) {
	b := open(t, Config{Patience: time.Millisecond})
	b.leave()
	b.Plug(true)
	if _, _, err := create(t.Context(), b.reach(), nil, false); !mfa.IsCode(err, mfa.CodeAuthenticatorTimeout) {
		t.Errorf("got %v", err)
	}
	if b.State().Waiting {
		t.Error("it still blinks")
	}
}

func TestPullingItOut(t *testing.T) {
	b := open(t, Config{})
	b.leave()
	b.Plug(true)
	b.Plug(true) // once is enough
	key := b.reach()
	before, _ := b.Bus().List(t.Context())
	result := make(chan error, 1)
	go func() {
		_, _, err := create(t.Context(), key, nil, false)
		result <- err
	}()
	b.blinks()
	b.Plug(false)
	if err := <-result; !mfa.IsCode(err, mfa.CodeKeyLost) {
		t.Errorf("in the middle: %v", err)
	}
	if _, err := key.Exchange(t.Context(), []byte{ctap2.CommandGetInfo}, nil); !mfa.IsCode(err, mfa.CodeKeyLost) {
		t.Errorf("afterwards: %v", err)
	}
	if s := b.State(); s.Plugged || s.Waiting {
		t.Errorf("%+v", s)
	}
	if slots, err := b.Bus().List(t.Context()); err != nil || len(slots) != 0 {
		t.Errorf("%v (%v)", slots, err)
	}
	b.Plug(true)
	after, _ := b.Bus().List(t.Context())
	if before[0].ID == after[0].ID || after[0].Name == "" || after[0].Vendor != vendor || after[0].Way != transport.WayUSB {
		t.Errorf("%+v, then %+v", before, after)
	}
	if _, err := b.Bus().Open(t.Context(), before[0].ID); !mfa.IsCode(err, mfa.CodeKeyLost) {
		t.Errorf("the old slot: %v", err)
	}
}

// TestPullingItOutIsAPowerCycle: a PIN that is locked can be tried again.
func TestPullingItOutIsAPowerCycle(t *testing.T) {
	b := open(t, Config{})
	b.Plug(true)
	key := b.reach()
	info, _ := ctap2.GetInfo(t.Context(), key)
	if err := ctap2.SetPIN(t.Context(), key, info, secret("2468"), rand.Reader); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		b.token(key, "1111", ctap2.PermissionGetAssertion)
	}
	if _, err := b.token(key, "2468", ctap2.PermissionGetAssertion); !mfa.IsCode(err, mfa.CodePINLocked) {
		t.Errorf("after three wrong ones: %v", err)
	}
	b.Plug(false)
	b.Plug(true)
	if _, err := b.token(b.reach(), "2468", ctap2.PermissionGetAssertion); err != nil {
		t.Error(err)
	}
}

func TestWatching(t *testing.T) {
	b := open(t, Config{})
	ctx, cancel := context.WithCancel(t.Context())
	told := make(chan int, 10)
	ended := make(chan error, 1)
	go func() {
		ended <- b.Bus().Watch(ctx, func() {
			slots, _ := b.Bus().List(context.Background())
			told <- len(slots)
		})
	}()
	if n := <-told; n != 0 {
		t.Errorf("%d slots at first", n)
	}
	b.Plug(true)
	if n := <-told; n != 1 {
		t.Errorf("%d slots when plugged", n)
	}
	b.Plug(false)
	if n := <-told; n != 0 {
		t.Errorf("%d slots when pulled", n)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := b.Bus().List(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestTwoPrograms: each has its channel, and one waits while the other is served.
func TestTwoPrograms(t *testing.T) {
	b := open(t, Config{})
	b.leave()
	b.Plug(true)
	one, two := b.reach(), b.reach()
	result := make(chan error, 2)
	go func() { _, _, err := create(t.Context(), one, nil, false); result <- err }()
	b.blinks()
	ctx, cancel := context.WithCancel(t.Context())
	go func() { _, err := ctap2.GetInfo(ctx, two); result <- err }()
	if err := b.Touch(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := <-result; err != nil {
			t.Error(err)
		}
	}
	cancel()
	one.Close()
	if _, err := ctap2.GetInfo(t.Context(), two); err != nil {
		t.Errorf("after the other let go: %v", err)
	}
}

func TestFingers(t *testing.T) {
	b := open(t, Config{Model: Fingerprint})
	b.leave()
	b.Plug(true)
	key := b.reach()
	info, _ := ctap2.GetInfo(t.Context(), key)
	verify := func(touch func() error) (*ctap2.Token, error) {
		t.Helper()
		type result struct {
			token *ctap2.Token
			err   error
		}
		done := make(chan result, 1)
		go func() {
			token, err := ctap2.TokenByUV(t.Context(), key, info, ctap2.PermissionMakeCredential, rpID, rand.Reader, nil)
			done <- result{token, err}
		}()
		if s := b.blinks(); s.Op != OpCreate || s.RPID != rpID {
			t.Errorf("%+v", s)
		}
		if err := touch(); err != nil {
			t.Fatal(err)
		}
		r := <-done
		return r.token, r.err
	}
	if _, err := verify(b.TouchUnknown); !mfa.IsCode(err, mfa.CodeUVFailed) {
		t.Errorf("a finger that it does not know: %v", err)
	}
	token, err := verify(b.Touch)
	if err != nil {
		t.Fatal(err)
	}
	if _, d, err := create(t.Context(), key, token, true); err != nil || !d.Flags.Has(ctap2.FlagUV) {
		t.Errorf("the finger was the touch: %v", err)
	}
}

func TestTheDrawerSurvivesARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	b := open(t, Config{Path: path, Model: Certified})
	b.Plug(true)
	key := b.reach()
	info, _ := ctap2.GetInfo(t.Context(), key)
	if err := ctap2.SetPIN(t.Context(), key, info, secret("2468"), rand.Reader); err != nil {
		t.Fatal(err)
	}
	token, err := b.token(key, "2468", ctap2.PermissionMakeCredential)
	if err != nil {
		t.Fatal(err)
	}
	_, d, err := create(t.Context(), key, token, true)
	if err != nil {
		t.Fatal(err)
	}
	b.token(key, "1111", ctap2.PermissionMakeCredential)
	if stat, err := os.Stat(path); err != nil || stat.Mode().Perm() != 0o600 {
		t.Errorf("%v (%v)", stat.Mode(), err)
	}
	root := b.Issuer().Root()
	b.Close()
	b.Close()

	b = open(t, Config{Path: path})
	if s := b.State(); s.Model != Certified || !s.Plugged || s.Passkeys != 1 || !s.PINSet || !b.Issuer().Root().Equal(root) {
		t.Errorf("%+v", s)
	}
	key = b.reach()
	if left, _, err := ctap2.PINRetries(t.Context(), key, info); err != nil || left != 7 {
		t.Errorf("%d tries left (%v)", left, err)
	}
	if err := get(t.Context(), key, d.Attested.CredentialID); err != nil {
		t.Error(err)
	}

	if err := b.SetModel(Plain); err != nil {
		t.Fatal(err)
	}
	if _, err := ctap2.GetInfo(t.Context(), key); !mfa.IsCode(err, mfa.CodeKeyLost) {
		t.Errorf("the other key was not pulled out: %v", err)
	}
	if s := b.State(); s.Model != Plain || !s.Plugged || s.Passkeys != 0 || s.PINSet {
		t.Errorf("%+v", s)
	}
	if _, _, err := create(t.Context(), b.reach(), nil, false); err != nil {
		t.Error(err)
	}
	if err := b.SetModel(Certified); err != nil {
		t.Fatal(err)
	}
	if err := get(t.Context(), b.reach(), d.Attested.CredentialID); err != nil {
		t.Errorf("the first key again: %v", err)
	}
	if err := b.SetModel(Old); err != nil {
		t.Fatal(err)
	}
	b.Close()
	if b = open(t, Config{Path: path}); b.State().Model != Old {
		t.Errorf("%+v", b.State())
	}
	if err := b.SetModel("titan"); !mfa.IsCode(err, mfa.CodeInvalidInput) {
		t.Error(err)
	}
}

func TestFilesThatAreNone(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good")
	b := open(t, Config{Path: good})
	b.Plug(true)
	if _, _, err := create(t.Context(), b.reach(), nil, false); err != nil {
		t.Fatal(err)
	}
	b.Close()
	data, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"empty": nil, "noise": []byte("x"), "newer": bytes.Replace(data, []byte(`"version":1`), []byte(`"version":2`), 1),
		"unknown model":  bytes.Replace(data, []byte(`"model":"plain"`), []byte(`"model":"titan"`), 1),
		"damaged issuer": bytes.Replace(data, []byte(`"issuer":"`), []byte(`"issuer":"AAAA`), 1),
		"damaged key":    bytes.Replace(data, []byte(`"plain":"`), []byte(`"plain":"AAAA`), 1),
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(Config{Path: path}); !mfa.IsCode(err, mfa.CodeDatabaseDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Open(Config{Model: "titan"}); !mfa.IsCode(err, mfa.CodeInvalidInput) {
		t.Error(err)
	}
	if _, err := Open(Config{Path: dir}); !mfa.IsCode(err, mfa.CodeStorageFailed) {
		t.Error(err)
	}
}

// TestWhatIsNotKeptIsNotAnswered: a credential that a restart would forget must not be promised.
func TestWhatIsNotKeptIsNotAnswered(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "folder")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "key")
	b := open(t, Config{Path: path})
	b.Plug(true)
	key := b.reach()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, _, err := create(t.Context(), key, nil, false); !mfa.IsCode(err, mfa.CodeKeyFailed) {
			t.Errorf("got %v", err)
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := ctap2.GetInfo(t.Context(), key); err != nil {
		t.Error(err)
	}
	if again := open(t, Config{Path: path}); len(again.auth.Credentials()) != 2 {
		t.Error("what could not be written is not written later")
	}
}

func TestCertifiedModelsAreAttested(t *testing.T) {
	maker, err := virtualauth.NewIssuer(rand.Reader, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, model := range []Model{Certified, Fingerprint} {
		b := open(t, Config{Model: model, Issuer: maker})
		b.Plug(true)
		answer, _, err := create(t.Context(), b.reach(), nil, false)
		if err != nil {
			t.Fatal(err)
		}
		var statement struct {
			X5c [][]byte `cbor:"x5c"`
		}
		if err := ctapcbor.UnmarshalLoose(answer.Statement, &statement); err != nil || answer.Format != "packed" || len(statement.X5c) != 1 {
			t.Fatalf("%s (%v)", answer.Format, err)
		}
		leaf, err := x509.ParseCertificate(statement.X5c[0])
		if err != nil || leaf.CheckSignatureFrom(maker.Root()) != nil {
			t.Errorf("not under the issuer's root (%v)", err)
		}
		aaguid := model.AAGUID()
		named, _ := asn1.Marshal(aaguid[:])
		if !slices.ContainsFunc(leaf.Extensions, func(e pkix.Extension) bool { return bytes.Equal(e.Value, named) }) {
			t.Error("the certificate names another model")
		}
	}
	seen := map[mfa.AAGUID]bool{}
	for _, m := range Models() {
		if seen[m.AAGUID()] {
			t.Errorf("%s shares its AAGUID", m)
		}
		seen[m.AAGUID()] = true
	}
}
