package canary

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/stock"
	"github.com/keyferry/keyferry/backend/totp/seedfile"
)

const (
	hexSeed  = "3132333435363738393031323334353637383930"
	b32Seed  = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	utf8Mark = "\ufeff"
)

func otpauth(rest string) string { return "otpauth://totp/Bank:li?" + rest + "\n" }

// One bad address is named, the others can be imported, and without "the others"
// nothing is.
func TestOddAddresses(t *testing.T) {
	l := newLab(t)
	for name, row := range map[string]struct {
		line string
		code mfa.Code
		part string
	}{
		"no secret":             {otpauth("issuer=Bank"), mfa.CodeSeedFileRow, ""},
		"an empty secret":       {otpauth("secret="), mfa.CodeSeedFileRow, ""},
		"a secret in hex":       {otpauth("secret=0189018901890189"), mfa.CodeSeedFileRow, ""},
		"a broken secret":       {otpauth("secret=ABC"), mfa.CodeSeedFileRow, ""},
		"no digits":             {otpauth("digits=0&secret=" + b32Seed), mfa.CodeSeedFileRow, ""},
		"digits below zero":     {otpauth("digits=-6&secret=" + b32Seed), mfa.CodeSeedFileRow, ""},
		"digits in words":       {otpauth("digits=six&secret=" + b32Seed), mfa.CodeSeedFileRow, ""},
		"digits beyond numbers": {otpauth("digits=99999999999999999999&secret=" + b32Seed), mfa.CodeSeedFileRow, ""},
		"eight digits":          {otpauth("digits=8&secret=" + b32Seed), mfa.CodeTokenUnsupported, ""},
		"seven digits":          {otpauth("digits=7&secret=" + b32Seed), mfa.CodeTokenUnsupported, ""},
		"no period":             {otpauth("period=0&secret=" + b32Seed), mfa.CodeSeedFileRow, ""},
		"a period below zero":   {otpauth("period=-30&secret=" + b32Seed), mfa.CodeSeedFileRow, ""},
		"a period of 15":        {otpauth("period=15&secret=" + b32Seed), mfa.CodeTokenUnsupported, ""},
		"MD5":                   {otpauth("algorithm=MD5&secret=" + b32Seed), mfa.CodeSeedFileRow, ""},
		"two secrets":           {otpauth("secret=" + b32Seed + "&secret=JBSWY3DPEHPK3PXP"), mfa.CodeSeedFileRow, ""},
		"counting":              {"otpauth://hotp/Bank:li?counter=1&secret=" + b32Seed + "\n", mfa.CodeTokenCounterBased, ""},
		"another type":          {"otpauth://steam/Bank:li?secret=" + b32Seed + "\n", mfa.CodeSeedFileRow, ""},
		"a wrong scheme":        {"otpauths://totp/Bank:li?secret=" + b32Seed + "\n", mfa.CodeSeedFileRow, ""},
		"migration":             {"otpauth-migration://offline?data=CjEKCkhlbGxvId6tvu8\n", mfa.CodeSeedFileRow, ""},
		"a web address":         {"https://totp/Bank:li?secret=" + b32Seed + "\n", mfa.CodeSeedFileRow, ""},
		"a broken percent":      {"otpauth://totp/Bank%zz?secret=" + b32Seed + "\n", mfa.CodeSeedFileRow, ""},
		"a NUL in the name":     {"otpauth://totp/Bank%00?secret=" + b32Seed + "\n", mfa.CodeSeedFileRow, ""},
	} {
		t.Run(name, func(t *testing.T) {
			l := *l
			l.TB = t
			text := []byte("otpauth://totp/Good:one?secret=JBSWY3DPEHPK3PXP\n" + row.line)
			l.unchanged(name, false, func() {
				p, err := l.stock.Preview(t.Context(), l.who, bytes.Clone(text), stock.Secrets{})
				l.must(err)
				defer p.Wipe()
				if p.Good() != 1 || p.Bad() != 1 || p.Rows[0].Problem != nil {
					t.Fatalf("%d good, %d bad: %+v", p.Good(), p.Bad(), p.Rows)
				}
				bad := p.Rows[1]
				if bad.Problem == nil || bad.Problem.Code != row.code {
					t.Errorf("%v, want %s", bad.Problem, row.code)
				}
				if bad.Line != 2 {
					t.Errorf("line %d", bad.Line)
				}
				if strings.Contains(strings.ToUpper(fmt.Sprintf("%+v %s", bad, bad.Problem.Explain())), b32Seed) {
					t.Error("the row shows its seed")
				}
				_, err = l.stock.Import(t.Context(), l.who, p, false, nil)
				wants(t, "all or none", err, mfa.CodeImportProblems)
			})
		})
	}
}

// Files that are refused as a whole, or row by row; nothing of them is kept.
func TestBadSeedFiles(t *testing.T) {
	l := newLab(t)
	figure := func(n string) string {
		text, err := os.ReadFile(filepath.Join("..", "..", "totp", "seedfile", "testdata", "rfc6030-figure"+n+".xml"))
		l.must(err)
		return string(text)
	}
	key, err := seedfile.ParseKey([]byte("12345678901234567890123456789012"))
	l.must(err)
	seed64 := base64.StdEncoding.EncodeToString([]byte("12345678901234567890"))
	plain := pskc("TOKEN00001", seed64)
	for name, row := range map[string]struct {
		text    string
		secrets stock.Secrets
		code    mfa.Code // of the whole file
		problem mfa.Code // of its one row
	}{
		"empty":                       {text: "", code: mfa.CodeSeedFileUnknown},
		"one blank":                   {text: " ", code: mfa.CodeSeedFileUnknown},
		"an entity of the system":     {text: `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>` + pskc("TOKEN00001", "&e;"), code: mfa.CodeSeedFileUnsafe},
		"an entity of the web":        {text: `<?xml version="1.0"?><!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">` + strings.SplitN(plain, "?>", 2)[1], code: mfa.CodeSeedFileUnsafe},
		"a parameter entity":          {text: `<!DOCTYPE x [<!ENTITY % e SYSTEM "file:///dev/zero"> %e;]>` + strings.SplitN(plain, "?>", 2)[1], code: mfa.CodeSeedFileUnsafe},
		"a billion laughs":            {text: `<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>` + pskc("&c;", seed64), code: mfa.CodeSeedFileUnsafe},
		"an entity after a comment":   {text: "<!-- x --> <!doctype x>" + plain, code: mfa.CodeSeedFileUnsafe},
		"an entity of nobody":         {text: pskc("TOKEN00001", "&e;"), code: mfa.CodeSeedFileDamaged},
		"cut":                         {text: plain[:len(plain)/2], code: mfa.CodeSeedFileDamaged},
		"deep":                        {text: `<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc">` + strings.Repeat("<a>", 100000), code: mfa.CodeSeedFileDamaged},
		"a wrong MAC":                 {text: strings.Replace(figure("6"), "Su+NvtQ", "Su+NvtA", 1), secrets: stock.Secrets{Key: key}, problem: mfa.CodeSeedFileMAC},
		"no MAC":                      {text: strings.Replace(figure("6"), "<ValueMAC>Su+NvtQfmvfJzF6bmQiJqoLRExc=</ValueMAC>", "", 1), secrets: stock.Secrets{Key: key}, problem: mfa.CodeSeedFileMAC},
		"a changed seed":              {text: strings.Replace(figure("6"), "AAECAwQF", "AAECAwQG", 1), secrets: stock.Secrets{Key: key}, problem: mfa.CodeSeedFileMAC},
		"no key":                      {text: figure("6"), code: mfa.CodeSeedKeyNeeded},
		"no password":                 {text: figure("7"), code: mfa.CodeSeedPasswordNeeded},
		"a wrong password":            {text: figure("7"), secrets: stock.Secrets{Password: secret("azerty")}, code: mfa.CodeSeedPasswordWrong},
		"iterations without end":      {text: strings.Replace(figure("7"), ">1000<", ">999999999<", 1), secrets: stock.Secrets{Password: secret("qwerty")}, code: mfa.CodeSeedFileEncryption},
		"Latin-1":                     {text: "TOKEN00001," + hexSeed + ",TOTP\nM\xfcller0001," + hexSeed + ",TOTP\n", code: mfa.CodeSeedFileEncoding},
		"UTF-16":                      {text: "\xff\xfeT\x00O\x00K\x00E\x00N\x00", code: mfa.CodeSeedFileEncoding},
		"UTF-8, then UTF-16":          {text: "TOKEN00001," + hexSeed + ",TOTP\nT\x00O\x00K\x00E\x00N\x00,\xd8\x00\n", code: mfa.CodeSeedFileEncoding},
		"half a character":            {text: "TOKEN00001," + hexSeed + ",TOTP\nM\xc3", code: mfa.CodeSeedFileEncoding},
		"base32 where hex belongs":    {text: "TOKEN00001," + b32Seed + ",TOTP\n", problem: mfa.CodeSeedFileRow},
		"hex where base32 belongs":    {text: "upn,serial number,secret key,time interval,manufacturer,model\na@b.c,TOKEN00001,3132333435363738,30,A,B\n", problem: mfa.CodeSeedFileRow},
		"a quote that is not closed":  {text: "\"TOKEN00001," + hexSeed + ",TOTP\n", code: mfa.CodeSeedFileUnknown},
		"eight digits":                {text: "TOKEN00001," + hexSeed + ",TOTP,8,30\n", problem: mfa.CodeTokenUnsupported},
		"no clock":                    {text: "TOKEN00001," + hexSeed + "\n", problem: mfa.CodeTokenCounterBased},
		"a serial of 300":             {text: strings.Repeat("A", 300) + "," + hexSeed + ",TOTP\n", problem: mfa.CodeSeedFileRow},
		"a serial with a blank":       {text: "TOKEN 00001," + hexSeed + ",TOTP\n", problem: mfa.CodeSeedFileRow},
		"a serial that is a formula":  {text: "=cmd|' /C calc'!A0," + hexSeed + ",TOTP\n", problem: mfa.CodeSeedFileRow},
		"a seed of one byte too many": {text: "TOKEN00001," + strings.Repeat("ab", 257) + ",TOTP\n", problem: mfa.CodeSeedFileRow},
	} {
		t.Run(name, func(t *testing.T) {
			l := *l
			l.TB = t
			l.unchanged(name, false, func() {
				p, err := l.stock.Preview(t.Context(), l.who, []byte(row.text), row.secrets)
				if row.code != "" {
					wants(t, "the file", err, row.code)
					return
				}
				l.must(err)
				defer p.Wipe()
				if p.Good() != 0 || p.Bad() != 1 || p.Rows[0].Problem.Code != row.problem {
					t.Fatalf("%d good, %d bad, %v; want %s", p.Good(), p.Bad(), p.Rows[0].Problem, row.problem)
				}
				for _, onlyGood := range []bool{false, true} {
					_, err := l.stock.Import(t.Context(), l.who, p, onlyGood, nil)
					wants(t, "importing it", err, mfa.CodeImportProblems)
				}
			})
		})
	}
}

// What spreadsheets make of a file is read all the same.
func TestSeedFilesAsSpreadsheetsWriteThem(t *testing.T) {
	l := newLab(t)
	for name, text := range map[string]string{
		"a mark":               utf8Mark + "MARK000001," + hexSeed + ",TOTP,6,30\n",
		"quotes":               `"QUOTE00001","` + strings.Replace(hexSeed, "31", "41", 1) + `","TOTP","6","30"` + "\n",
		"CR LF":                "CRLF000001," + strings.Replace(hexSeed, "31", "42", 1) + ",TOTP,6,30\r\n",
		"no last line feed":    "LAST000001," + strings.Replace(hexSeed, "31", "43", 1) + ",TOTP,6,30",
		"blank lines":          "\n\nBLANK00001," + strings.Replace(hexSeed, "31", "44", 1) + ",TOTP,6,30\n\n\n",
		"a comment":            "# made by a tool\nCOMMENT001," + strings.Replace(hexSeed, "31", "45", 1) + ",TOTP,6,30\n",
		"Entra, marked, CR LF": utf8Mark + "upn,serial number,secret key,time interval,manufacturer,model\r\n\"a@b.c\",\"ENTRA00001\",\"" + b32Seed[:24] + "\",30,\"A, Inc.\",B\r\n",
		"PSKC, marked":         utf8Mark + pskc("PSKC000001", base64.StdEncoding.EncodeToString([]byte("another twenty bytes"))),
	} {
		p, err := l.stock.Preview(t.Context(), l.who, []byte(text), stock.Secrets{})
		if err != nil || p.Bad() > 0 || p.Good() != 1 {
			t.Errorf("%s: %+v, %v", name, p, err)
			continue
		}
		if n, err := l.stock.Import(t.Context(), l.who, p, false, nil); n != 1 || err != nil {
			t.Errorf("%s: %d, %v", name, n, err)
		}
	}
}

// Files that are too much are refused in bounded time and memory.
func TestHugeSeedFiles(t *testing.T) {
	l := newLab(t)
	line := strings.Repeat("A", 8<<20)
	for name, row := range map[string]struct {
		text string
		code mfa.Code
	}{
		"a line of 8 MB":               {"TOKEN00001," + hexSeed + ",TOTP\n" + line + "," + hexSeed + ",TOTP\n", ""},
		"a seed of 8 MB":               {"TOKEN00001," + strings.Repeat("ab", 4<<20) + ",TOTP\n", ""},
		"8 MB without a line feed":     {line, mfa.CodeSeedFileUnknown},
		"8 MB of quotes":               {"TOKEN00001," + strings.Repeat(`"`, 8<<20) + ",TOTP\n", ""},
		"8 MB of commas":               {"TOKEN00001," + hexSeed + ",TOTP" + strings.Repeat(",", 8<<20), ""},
		"8 MB of line feeds":           {"TOKEN00001," + hexSeed + ",TOTP" + strings.Repeat("\n", 8<<20), ""},
		"an address of 8 MB":           {"otpauth://totp/A?secret=" + strings.Repeat("A", 8<<20), ""},
		"8 MB in an XML attribute":     {`<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc" Id="` + line + `"/>`, ""},
		"8 MB of an XML text":          {pskc("TOKEN00001", line), ""},
		"8 MB of one XML name":         {"<" + line + "/>", ""},
		"8 MB of an XML comment":       {"<!--" + line + "-->" + pskc("TOKEN00001", "AAAA"), ""},
		"more than the bound":          {strings.Repeat("TOKEN00001,"+hexSeed+",TOTP\n", seedfile.MaxFile/50), mfa.CodeSeedFileTooLarge},
		"one byte more than the bound": {strings.Repeat("\n", seedfile.MaxFile+1), mfa.CodeSeedFileTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			l := *l
			l.TB = t
			data := []byte(row.text)
			var before, after runtime.MemStats
			l.unchanged(name, false, func() {
				runtime.GC()
				runtime.ReadMemStats(&before)
				begun := time.Now()
				p, err := l.stock.Preview(t.Context(), l.who, data, stock.Secrets{})
				took := time.Since(begun)
				runtime.ReadMemStats(&after)
				if row.code != "" {
					wants(t, "the file", err, row.code)
				} else if err != nil && mfa.AsFailure(err).Category() == mfa.CategoryInternal {
					t.Errorf("%v (%s)", err, mfa.AsFailure(err).Explain())
				}
				if f := mfa.AsFailure(err); f != nil && len(f.Explain())+len(fmt.Sprint(f.Params)) > 1000 {
					t.Errorf("the failure has %d bytes", len(f.Explain())+len(fmt.Sprint(f.Params)))
				}
				if p != nil {
					t.Logf("%d good, %d bad", p.Good(), p.Bad())
					for _, r := range p.Rows {
						if len(r.Serial)+len(r.Label)+len(r.Mapped)+len(r.Manufacturer)+len(r.Model) > 2000 {
							t.Errorf("a row has %d bytes of serial", len(r.Serial))
						}
					}
					p.Wipe()
				}
				if took > time.Minute {
					t.Errorf("it took %v", took)
				}
				if grown := after.TotalAlloc - before.TotalAlloc; grown > 512<<20 {
					t.Errorf("it took %d MB", grown>>20)
				}
				t.Logf("%v, %v, %d MB", err, took.Round(time.Millisecond), (after.TotalAlloc-before.TotalAlloc)>>20)
			})
		})
	}
}
