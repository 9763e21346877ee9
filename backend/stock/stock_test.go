package stock

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
	"github.com/keyferry/keyferry/backend/rules"
	"github.com/keyferry/keyferry/backend/totp"
	"github.com/keyferry/keyferry/backend/totp/seedfile"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// glass is a sealer that one can see through: it notes for what it sealed.
type glass struct {
	mu     sync.Mutex
	err    error
	sealed map[string][]byte
	after  func(n int)
}

func (g *glass) Seal(p mfa.Purpose, id string, secret *mfa.Secret) ([]byte, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err != nil {
		return nil, g.err
	}
	if p != mfa.SealSeed {
		return nil, fmt.Errorf("sealed as %s", p)
	}
	g.sealed[id] = bytes.Clone(secret.Bytes())
	if g.after != nil {
		g.after(len(g.sealed))
	}
	return []byte("sealed for " + id), nil
}

func (g *glass) Open(p mfa.Purpose, id string, _ []byte) (*mfa.Secret, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err != nil {
		return nil, g.err
	}
	seed, ok := g.sealed[id]
	if !ok || p != mfa.SealSeed {
		return nil, mfa.Fail(mfa.CodeVaultDamaged)
	}
	return mfa.NewSecret(bytes.Clone(seed)), nil
}

type bench struct {
	*Service
	store mfa.Store
	glass *glass
	root  mfa.Session
}

func newBench(t testing.TB) *bench {
	t.Helper()
	b := &bench{store: storetest.NewMemory(), glass: &glass{sealed: map[string][]byte{}}}
	root := storetest.NewRoot()
	if err := b.store.CreateAccount(t.Context(), storetest.NewAccount(), root, mfa.Event{Kind: mfa.EventAccountCreated}); err != nil {
		t.Fatal(err)
	}
	b.root = mfa.Session{ID: "S", PrincipalID: root.ID, StartedAt: noon}
	clock := func() time.Time { return noon }
	accounts := account.New(account.Config{Store: b.store, Rules: rules.New(b.store, clock), Clock: clock})
	b.Service = New(Config{Store: b.store, Accounts: accounts, Vault: b.glass, Clock: clock})
	return b
}

func (b *bench) preview(t testing.TB, file string) *Preview {
	t.Helper()
	p, err := b.Preview(t.Context(), b.root, []byte(file), Secrets{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Wipe)
	return p
}

// trace is what an import could leave: tokens in stock and the kinds of events.
func (b *bench) trace(t *testing.T) (tokens []mfa.Device, last mfa.Event) {
	t.Helper()
	tokens, err := b.store.Unassigned(t.Context(), mfa.KindToken)
	if err != nil {
		t.Fatal(err)
	}
	events, err := b.store.Events(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return tokens, events[len(events)-1]
}

func wants(t *testing.T, err error, code mfa.Code) *mfa.Failure {
	t.Helper()
	var f *mfa.Failure
	if !errors.As(err, &f) || f.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
	return f
}

const seed = "3132333435363738393031323334353637383930" // of RFC 6238 appendix B

func TestRows(t *testing.T) {
	b := newBench(t)
	if err := b.store.AddTokens(t.Context(), []mfa.Device{storetest.NewToken("KNOWN0001"), storetest.NewToken("000000042")}, mfa.Event{}); err != nil {
		t.Fatal(err)
	}
	seeds := 0
	another := func() string { seeds++; return fmt.Sprintf("%040x", seeds) }
	for _, row := range []struct {
		name, file     string
		mapped, number string
		problem        mfa.Code
		params         string // key=value of the problem
	}{
		{"plain", "TOKEN0001," + another() + ",TOTP,6,30", "", "TOKEN0001", "", ""},
		{"60 seconds", "TOKEN0001," + another() + ",TOTP,6,60", "", "TOKEN0001", "", ""},
		{"short", "1234567," + another() + ",TOTP", "001234567", "001234567", "", ""},
		{"eight digits", "TOKEN0001," + another() + ",TOTP,8,30", "", "TOKEN0001", mfa.CodeTokenUnsupported, "what=8 digits"},
		{"seven digits", "TOKEN0001," + another() + ",TOTP,7,30", "", "TOKEN0001", mfa.CodeTokenUnsupported, "what=7 digits"},
		{"45 seconds", "TOKEN0001," + another() + ",TOTP,6,45", "", "TOKEN0001", mfa.CodeTokenUnsupported, "what=45s"},
		{"counter", "TOKEN0001," + another(), "", "TOKEN0001", mfa.CodeTokenCounterBased, ""},
		{"bad seed", "TOKEN0001,xyz,TOTP", "", "TOKEN0001", mfa.CodeSeedFileRow, "field=seed"},
		{"bad serial", "TOKEN 1!," + another() + ",TOTP", "0TOKEN 1!", "0TOKEN 1!", mfa.CodeSeedFileRow, "field=serial"},
		{"known", "known0001," + another() + ",TOTP", "", "known0001", mfa.CodeSerialTaken, "serial=known0001"},
		{"known when mapped", "42," + another() + ",TOTP", "000000042", "000000042", mfa.CodeSerialTaken, "serial=000000042"},
		{"no clock", "OATH-HOTP,11/01/2026 12:00,1,vvtest,,00,,0,0,0,6", "0000vvtest"[1:], "", mfa.CodeTokenNoClock, ""},
		{"otpauth", "otpauth://totp/My%20Bank:li@x.org?secret=GEZDGNBVGY3TQOJQ&issuer=My%20Bank", "otpauth/My=20Bank:li@x.org", "otpauth/My=20Bank:li@x.org", "", ""},
		{"otpauth, no issuer", "otpauth://totp/a=b?secret=GEZDGNBVGY3TQOJQ", "otpauth/a=3Db", "otpauth/a=3Db", "", ""},
		{"otpauth, long", "otpauth://totp/" + strings.Repeat("%C3%A4", 50) + "?secret=GEZDGNBVGY3TQOJQ", "otpauth/" + strings.Repeat("=C3=A4", 50), "", mfa.CodeSerialInvalid, "max=256"},
		{"otpauth, unreadable", "otpauth://totp/x?secret=", "", "", mfa.CodeSeedFileRow, "line=1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := b.preview(t, row.file+"\n")
			if len(p.Rows) != 1 {
				t.Fatalf("%d rows", len(p.Rows))
			}
			r := p.Rows[0]
			if row.number != "" && r.Number() != row.number || row.name != "no clock" && r.Mapped != row.mapped {
				t.Errorf("%q is mapped to %q and called %q", r.Serial, r.Mapped, r.Number())
			}
			if row.problem == "" {
				if r.Problem != nil || p.Good() != 1 || p.Bad() != 0 {
					t.Errorf("%v, good %d, bad %d", r.Problem, p.Good(), p.Bad())
				}
				return
			}
			if r.Problem == nil || r.Problem.Code != row.problem || p.Good() != 0 || p.Bad() != 1 {
				t.Fatalf("%v, good %d, bad %d", r.Problem, p.Good(), p.Bad())
			}
			if k, v, ok := strings.Cut(row.params, "="); ok && r.Problem.Params[k] != v {
				t.Errorf("params %v", r.Problem.Params)
			}
		})
	}
}

func TestDuplicates(t *testing.T) {
	b := newBench(t)
	p := b.preview(t, "1234567,"+seed+",TOTP\n"+ // 001234567
		"TOKEN0001,"+seed[2:]+",TOTP\n"+
		"001234567,"+seed[4:]+",TOTP\n"+ // becomes the first one's number
		"token0001,"+seed[6:]+",TOTP\n"+ // case does not tell serials apart
		"TOKEN0005,"+seed+",TOTP\n") // the first one's seed
	for i, want := range []struct {
		code mfa.Code
		line string
	}{{}, {}, {mfa.CodeTokenDuplicate, "1"}, {mfa.CodeTokenDuplicate, "2"}, {mfa.CodeSeedDuplicate, "1"}} {
		switch f := p.Rows[i].Problem; {
		case want.code == "" && f != nil:
			t.Errorf("row %d: %v", i+1, f)
		case want.code != "" && (f == nil || f.Code != want.code || f.Params["line"] != want.line):
			t.Errorf("row %d: %+v", i+1, f)
		}
	}
	p = b.preview(t, "otpauth://totp/x:y?secret=GEZDGNBVGY3TQOJQ\notpauth://totp/x:y?secret=GEZDGNBVGY3TQOJR\n")
	if f := p.Rows[1].Problem; f == nil || f.Code != mfa.CodeTokenDuplicate || f.Params["serial"] != "otpauth/x:y" {
		t.Errorf("two addresses of one name: %v", f)
	}
}

func TestCodes(t *testing.T) {
	b := newBench(t)
	p := b.preview(t, "TOKEN0001,"+seed+",TOTP,6,30\nTOKEN0002,"+seed[2:]+",TOTP,8,30\nTOKEN0003,"+seed[4:]+",HOTP\nTOKEN0004,zz,TOTP\n")
	at := time.Unix(59, 0) // RFC 6238 appendix B: 94287082
	all := p.Codes(at, 0, len(p.Rows))
	if len(all) != 4 || all[0] != "287082" || len(all[1]) != 8 || all[2] != "" || all[3] != "" {
		t.Errorf("codes %q", all)
	}
	for _, c := range []struct{ from, count, want int }{{0, 2, 2}, {3, 9, 1}, {4, 1, 0}, {9, 9, 0}, {-2, 1, 1}, {0, -1, 0}, {1 << 62, 1 << 62, 0}} {
		if got := p.Codes(at, c.from, c.count); len(got) != c.want {
			t.Errorf("from %d, %d: %q", c.from, c.count, got)
		}
	}
	p.Wipe()
	p.Wipe()
	if got := p.Codes(at, 0, 1); len(got) != 1 || got[0] != "" {
		t.Errorf("after wiping: %q", got)
	}
	(*Preview)(nil).Wipe()
}

func TestImport(t *testing.T) {
	b := newBench(t)
	p := b.preview(t, "upn,serial number,secret key,time interval,manufacturer,model\nli@x.org,1234567,GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ,60,Token2,c202\n,TOKEN0002,GEZDGNBVGY3TQOJR,30,Token2,c203\n")
	seeds := [][]byte{bytes.Clone(p.file.Rows[0].Seed.Bytes()), bytes.Clone(p.file.Rows[1].Seed.Bytes())}
	var heard [][2]int
	n, err := b.Import(t.Context(), b.root, p, false, func(done, total int) { heard = append(heard, [2]int{done, total}) })
	if err != nil || n != 2 {
		t.Fatalf("%d, %v", n, err)
	}
	tokens, event := b.trace(t)
	if len(tokens) != 2 || len(heard) != 1 || heard[0] != [2]int{2, 2} {
		t.Fatalf("%d tokens, progress %v", len(tokens), heard)
	}
	for i, d := range tokens {
		if !bytes.Equal(b.glass.sealed[d.ID], seeds[i]) || string(d.OneTime.Sealed) != "sealed for "+d.ID {
			t.Errorf("token %d is not sealed for itself", i)
		}
	}
	d := tokens[0]
	if d.Serial != "001234567" || d.IsAssigned() || d.Name != "" || !d.CreatedAt.Equal(noon) || !d.EnabledAt.IsZero() ||
		d.OneTime.Algorithm != "SHA1" || d.OneTime.Digits != 6 || d.OneTime.Period != time.Minute || d.OneTime.Manufacturer != "Token2" || d.OneTime.Model != "c202" {
		t.Errorf("first token %+v %+v", d, d.OneTime)
	}
	if event.Kind != mfa.EventTokensImported || event.PrincipalID != b.root.PrincipalID || len(event.Detail) != 2 || event.Detail["count"] != "2" || event.Detail["format"] != "entra-csv" {
		t.Errorf("event %+v", event)
	}
	if p.file.Rows[0].Seed.Len() != 0 {
		t.Error("the seeds were not wiped")
	}
	_, err = b.Import(t.Context(), b.root, p, false, nil)
	wants(t, err, mfa.CodeImportGone)
	if again := b.preview(t, "upn,serial number,secret key\n,1234567,GEZDGNBVGY3TQOJQ\n"); again.Rows[0].Problem == nil || again.Rows[0].Problem.Code != mfa.CodeSerialTaken {
		t.Errorf("imported again: %v", again.Rows[0].Problem)
	}
}

func TestImportWithProblems(t *testing.T) {
	const file = "TOKEN0001,3132,TOTP\nTOKEN0002,xy,TOTP\nTOKEN0003,3133,TOTP\n"
	b := newBench(t)
	p := b.preview(t, file)
	_, err := b.Import(t.Context(), b.root, p, false, nil)
	if f := wants(t, err, mfa.CodeImportProblems); f.Params["count"] != "1" {
		t.Errorf("params %v", f.Params)
	}
	if tokens, _ := b.trace(t); len(tokens) != 0 || len(b.glass.sealed) != 0 {
		t.Error("something was imported")
	}
	if n, err := b.Import(t.Context(), b.root, p, true, nil); err != nil || n != 2 {
		t.Errorf("the others: %d, %v", n, err)
	}
	none := b.preview(t, "TOKEN0009,xy,TOTP\n")
	_, err = b.Import(t.Context(), b.root, none, true, nil)
	wants(t, err, mfa.CodeImportProblems)
}

func TestImportAllOrNone(t *testing.T) {
	file := ""
	for i := range 2 * reportEvery {
		file += fmt.Sprintf("TOKEN%04d,%040x,TOTP\n", i, i+1)
	}
	for name, row := range map[string]struct {
		prepare func(t *testing.T, b *bench, cancel context.CancelFunc)
		code    mfa.Code
	}{
		"vault locked": {func(_ *testing.T, b *bench, _ context.CancelFunc) { b.glass.err = mfa.Fail(mfa.CodeVaultLocked) }, mfa.CodeVaultLocked},
		"cancelled": {func(_ *testing.T, b *bench, cancel context.CancelFunc) {
			b.glass.after = func(n int) {
				if n == reportEvery {
					cancel()
				}
			}
		}, mfa.CodeCancelled},
		"taken since": {func(t *testing.T, b *bench, _ context.CancelFunc) {
			if err := b.store.AddTokens(t.Context(), []mfa.Device{storetest.NewToken("TOKEN0499")}, mfa.Event{Kind: mfa.EventTokensImported}); err != nil {
				t.Fatal(err)
			}
		}, mfa.CodeSerialTaken},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			p := b.preview(t, file)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			row.prepare(t, b, cancel)
			before, _ := b.trace(t)
			done := 0
			_, err := b.Import(ctx, b.root, p, false, func(n, _ int) { done = n })
			wants(t, err, row.code)
			after, _ := b.trace(t)
			if len(after) != len(before) || done >= len(p.Rows)+1 {
				t.Errorf("%d tokens, then %d", len(before), len(after))
			}
			if p.Codes(noon, 0, 1)[0] == "" {
				t.Error("the preview cannot be tried again")
			}
			b.glass.err, b.glass.after = nil, nil
			if n, err := b.Import(t.Context(), b.root, p, false, nil); row.code != mfa.CodeSerialTaken && (err != nil || n != len(p.Rows)) {
				t.Errorf("tried again: %d, %v", n, err)
			}
		})
	}
}

func TestOnlyWhoMayImports(t *testing.T) {
	b := newBench(t)
	user := storetest.NewUser("ann")
	if err := b.store.AddPrincipal(t.Context(), user, mfa.Event{}); err != nil {
		t.Fatal(err)
	}
	ann := mfa.Session{PrincipalID: user.ID}
	_, err := b.Preview(t.Context(), ann, []byte("TOKEN0001,"+seed+",TOTP\n"), Secrets{})
	wants(t, err, mfa.CodeAccessDenied)
	p := b.preview(t, "TOKEN0001,"+seed+",TOTP\n")
	_, err = b.Import(t.Context(), ann, p, true, nil)
	wants(t, err, mfa.CodeAccessDenied)
}

func TestFilesThatCannotBeRead(t *testing.T) {
	b := newBench(t)
	for name, row := range map[string]struct {
		file string
		code mfa.Code
	}{
		"nothing":       {"", mfa.CodeSeedFileUnknown},
		"UTF-16":        {"\xff\xfet\x00", mfa.CodeSeedFileEncoding},
		"document type": {`<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><KeyContainer xmlns="urn:ietf:params:xml:ns:keyprov:pskc"/>`, mfa.CodeSeedFileUnsafe},
		"cut off":       {`<KeyContainer xmlns="urn:ietf:params:xml:ns:keyprov:pskc"><KeyPackage>`, mfa.CodeSeedFileDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := b.Preview(t.Context(), b.root, []byte(row.file), Secrets{})
			wants(t, err, row.code)
		})
	}
}

// Watching the codes while the file is imported is what the window does.
func TestCodesWhileImporting(t *testing.T) {
	b := newBench(t)
	var file strings.Builder
	for i := range 4 * reportEvery {
		fmt.Fprintf(&file, "TOKEN%04d,%040x,TOTP\n", i, i+1)
	}
	p := b.preview(t, file.String())
	var watching sync.WaitGroup
	for range 4 {
		watching.Go(func() {
			for range 50 {
				p.Codes(noon, 0, 20)
			}
		})
	}
	if _, err := b.Import(t.Context(), b.root, p, false, func(int, int) { p.Codes(noon, 0, 1) }); err != nil {
		t.Error(err)
	}
	watching.Wait()
}

func TestQuotedIsReversible(t *testing.T) {
	seen := map[string]string{}
	for _, s := range []string{"a b", "a=20b", "a_b", "a=b", "ä", "=C3=A4", "", "A b"} {
		q := quoted(s)
		if other, ok := seen[q]; ok {
			t.Errorf("%q and %q are both %q", s, other, q)
		}
		seen[q] = s
	}
}

func TestEveryFormatHasAPreview(t *testing.T) {
	b := newBench(t)
	for format, file := range map[seedfile.Format]string{
		seedfile.PSKC: `<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc"><KeyPackage><DeviceInfo><Manufacturer>Quay</Manufacturer><SerialNo>987654321</SerialNo></DeviceInfo>` +
			`<Key Id="k" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:totp"><AlgorithmParameters><ResponseFormat Length="6" Encoding="DECIMAL"/></AlgorithmParameters><Data><Secret><PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret><Time><PlainValue>0</PlainValue></Time><TimeInterval><PlainValue>30</PlainValue></TimeInterval><TimeDrift><PlainValue>4</PlainValue></TimeDrift></Data></Key></KeyPackage></KeyContainer>`,
		seedfile.SafeNet:     `<Tokens><Token serial="AL0012345"><Applications/></Token></Tokens>`,
		seedfile.Entra:       "serial number,secret key\n987654322,GEZDGNBVGY3TQOJQ\n",
		seedfile.OATH:        "987654323," + seed + ",TOTP\n",
		seedfile.Yubico:      "OATH-HOTP,11/01/2026 12:00,1,vvtest,,00,,0,0,0,6\n",
		seedfile.OTPAuthList: "otpauth://totp/a:b?secret=GEZDGNBVGY3TQOJR\n",
	} {
		p := b.preview(t, file)
		if p.Format != format || len(p.Rows) != 1 {
			t.Errorf("%s: %s with %d rows", format, p.Format, len(p.Rows))
			continue
		}
		if refused := format == seedfile.SafeNet || format == seedfile.Yubico; refused == (p.Rows[0].Problem == nil) {
			t.Errorf("%s: %v", format, p.Rows[0].Problem)
		}
	}
	p := b.preview(t, `<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc"><KeyPackage><DeviceInfo><SerialNo>987654321</SerialNo></DeviceInfo><Key Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:totp"><Data><Secret><PlainValue>MTIz</PlainValue></Secret><TimeDrift><PlainValue>4</PlainValue></TimeDrift></Data></Key></KeyPackage></KeyContainer>`)
	if _, err := b.Import(t.Context(), b.root, p, false, nil); err != nil {
		t.Fatal(err)
	}
	if tokens, _ := b.trace(t); tokens[0].OneTime.Drift != 4 || tokens[0].OneTime.Algorithm != string(totp.SHA1) {
		t.Errorf("the vendor's drift is lost: %+v", tokens[0].OneTime)
	}
}
