package seedfile_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
	"github.com/keyferry/keyferry/backend/totp/seedfile"
)

const pskcHead = `<KeyContainer Version="1.0" xmlns="urn:ietf:params:xml:ns:keyprov:pskc" xmlns:x="http://www.w3.org/2001/04/xmlenc#">`

// keyPackage is one token; data goes into Key/Data, more before it.
func keyPackage(serial, algorithm, more, data string) string {
	return `<KeyPackage><DeviceInfo><Manufacturer>oath.M</Manufacturer><SerialNo>` + serial + `</SerialNo><Model>c200</Model></DeviceInfo>` +
		`<Key Id="k` + serial + `" Algorithm="urn:ietf:params:xml:ns:keyprov:pskc:` + algorithm + `"><Issuer>I</Issuer>` + more + `<Data>` + data + `</Data></Key></KeyPackage>`
}

const (
	plainSecret = `<Secret><PlainValue>MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=</PlainValue></Secret>`
	eight       = `<AlgorithmParameters><Suite>HMAC-SHA256</Suite><ResponseFormat Length="8" Encoding="DECIMAL"/></AlgorithmParameters>`
)

var plainPSKC = pskcHead + keyPackage("T1", "totp", "", plainSecret) + `</KeyContainer>`

func TestPSKC(t *testing.T) {
	in := func(packages ...string) string { return pskcHead + strings.Join(packages, "") + `</KeyContainer>` }
	for _, c := range []struct {
		name, data string
		rows       []string
		refused    string
	}{
		{name: "plain", data: plainPSKC, rows: []string{"1 T1 totp SHA1/6/30s 20"}},
		{name: "hash, length and step", data: in(keyPackage("T1", "totp", eight, plainSecret+`<TimeInterval><PlainValue>60</PlainValue></TimeInterval>`)), rows: []string{"1 T1 totp SHA256/8/1m0s 20"}},
		{name: "hash is not guessed", data: in(keyPackage("T1", "totp", "", `<Secret><PlainValue>`+base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1}, 32))+`</PlainValue></Secret>`)), rows: []string{"1 T1 totp SHA1/6/30s 32"}},
		{name: "several, one twice", data: in(keyPackage("T1", "totp", "", plainSecret), keyPackage("T2", "hotp", "", plainSecret), keyPackage("T1", "totp", "", `<Secret><PlainValue>MTIz</PlainValue></Secret>`)),
			rows: []string{"1 T1 totp SHA1/6/30s 20", "2 T2 hotp SHA1/6/30s 20 token-counter-based", "3 T1 totp SHA1/6/30s 3 token-duplicate T1 1"}},
		{name: "bad rows are named", data: in(keyPackage("T1", "totp", "", ""), keyPackage("T2", "totp", "", `<Secret><PlainValue>!</PlainValue></Secret>`), keyPackage("T 3", "totp", "", plainSecret),
			keyPackage("T4", "totp", `<AlgorithmParameters><ResponseFormat Length="FOUR"/></AlgorithmParameters>`, plainSecret), keyPackage("T5", "totp", "", plainSecret+`<TimeInterval><PlainValue>0</PlainValue></TimeInterval>`),
			keyPackage(strings.Repeat("9", 300), "totp", "", plainSecret), keyPackage("T7", "totp", `<AlgorithmParameters><ResponseFormat CheckDigits="not really"/></AlgorithmParameters>`, plainSecret)),
			rows: []string{"1 T1 totp SHA1/6/30s 0 seed-file-row Secret", "2 T2 totp SHA1/6/30s 0 seed-file-row Secret", "3 T 3 totp SHA1/6/30s 20 seed-file-row SerialNo",
				"4 T4 totp SHA1/6/30s 0 seed-file-row Length", "5 T5 totp SHA1/6/30s 20 seed-file-row TimeInterval", "6  0 seed-file-row SerialNo", "7 T7 totp SHA1/6/30s 0 seed-file-row CheckDigits"}},
		{name: "kinds that do not work", data: in(keyPackage("T1", "ocra", "", plainSecret), keyPackage("T2", "totp", `<AlgorithmParameters><Suite>HMAC-MD5</Suite></AlgorithmParameters>`, `<Secret><PlainValue>MTIz</PlainValue></Secret>`),
			keyPackage("T3", "totp", "", `<Secret><PlainValue>MTI=</PlainValue></Secret><Time><PlainValue>1</PlainValue></Time>`),
			keyPackage("T4", "totp", `<AlgorithmParameters><ResponseFormat Length="6" Encoding="HEXADECIMAL"/></AlgorithmParameters>`, `<Secret><PlainValue>MQ==</PlainValue></Secret>`)),
			rows: []string{"1 T1 20 token-unsupported ocra", "2 T2 totp HMAC-MD5/6/30s 3 token-unsupported HMAC-MD5", "3 T3 totp SHA1/6/30s 2 token-unsupported Time", "4 T4 totp SHA1/6/30s 1 token-unsupported HEXADECIMAL"}},
		{name: "no tokens", data: in()},
		{name: "declared as ASCII", data: `<?xml version="1.0" encoding="US-ASCII"?>` + plainPSKC, rows: []string{"1 T1 totp SHA1/6/30s 20"}},
		{name: "SafeNet", data: `<?xml version="1.0"?><Tokens><Token serial="00040008CFA5"><Applications><Application ConnectorID="x"><Seed>` + hex20 + `</Seed><MovingFactor>1</MovingFactor></Application></Applications></Token><Token/></Tokens>`,
			rows: []string{"1 00040008CFA5 hotp SHA1/6/30s 0 token-counter-based", "2  hotp SHA1/6/30s 0 seed-file-row serial"}},

		{name: "another version", data: strings.Replace(plainPSKC, `"1.0"`, `"1.2"`, 1), refused: "seed-file-unknown"},
		{name: "another namespace", data: strings.Replace(plainPSKC, "urn:ietf", "urn:other", 1), refused: "seed-file-unknown"},
		{name: "another root", data: "<html/>", refused: "seed-file-unknown"},
		{name: "external entity", data: `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>` + strings.Replace(plainPSKC, "MTIz", "&e;", 1), refused: "seed-file-unsafe"},
		{name: "entity bomb", data: `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>` + plainPSKC, refused: "seed-file-unsafe"},
		{name: "document type inside", data: pskcHead + `<!DOCTYPE x>` + `</KeyContainer>`, refused: "seed-file-unsafe"},
		{name: "unknown entity", data: strings.Replace(plainPSKC, "MTIz", "&e;", 1), refused: "seed-file-damaged 1"},
		{name: "processing instruction", data: pskcHead + `<?php 1 ?></KeyContainer>`, refused: "seed-file-damaged 1"},
		{name: "breaks off", data: pskcHead + "\n\n<KeyPackage>", refused: "seed-file-damaged 3"},
		{name: "wrong end", data: pskcHead + "\n<KeyPackage></Key>", refused: "seed-file-damaged 2"},
		{name: "more after the end", data: plainPSKC + "<x/>", refused: "seed-file-damaged 1"},
		{name: "nested deep", data: pskcHead + strings.Repeat("<a>", 20) + strings.Repeat("</a>", 20) + `</KeyContainer>`, refused: "seed-file-damaged 1"},
		{name: "nested deep in a key", data: pskcHead + `<KeyPackage><Key><Data>` + strings.Repeat("<a>", 1_000_000), refused: "seed-file-damaged 1"},
		{name: "no element", data: "<?xml version=\"1.0\"?>\n", refused: "seed-file-damaged 2"},
		{name: "declared as UTF-16", data: `<?xml version="1.0" encoding="UTF-16"?>` + plainPSKC, refused: "seed-file-encoding"},
		{name: "too many keys", data: in(`<KeyPackage>` + strings.Repeat(`<Key/>`, seedfile.MaxRows+1) + `</KeyPackage>`), refused: "seed-file-too-large 50000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := seedfile.Read(t.Context(), []byte(c.data), seedfile.Unlock{})
			if c.refused != "" {
				if err == nil || problem(err) != c.refused {
					t.Errorf("%v, want %s", err, c.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(problem(err))
			}
			if len(f.Rows) != len(c.rows) {
				t.Fatalf("%d rows, want %d", len(f.Rows), len(c.rows))
			}
			for i, want := range c.rows {
				if got := brief(f.Rows[i]); got != want {
					t.Errorf("row %d: %s\nwant %s", i, got, want)
				}
			}
		})
	}
}

func TestPSKCNames(t *testing.T) {
	data := pskcHead + keyPackage("T1", "totp", "", plainSecret+`<TimeDrift><PlainValue>-4</PlainValue></TimeDrift>`) + `</KeyContainer>`
	f, err := seedfile.Read(t.Context(), []byte(data), seedfile.Unlock{})
	if err != nil {
		t.Fatal(err)
	}
	if r := f.Rows[0]; r.Manufacturer != "oath.M" || r.Model != "c200" || r.Issuer != "I" || r.KeyID != "kT1" || r.Drift != -4 || string(r.Seed.Bytes()) != "12345678901234567890" {
		t.Errorf("%+v", r)
	}
}

func preShared(t testing.TB) *mfa.Secret {
	t.Helper()
	key, err := seedfile.ParseKey([]byte("12345678 90123456 78901234-5678:9012"))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestParseKey(t *testing.T) {
	for text, want := range map[string]int{hex20: 0, strings.Repeat("0a", 16): 16, strings.Repeat("0A", 24): 24, strings.Repeat("ff", 32): 32, "": 0, strings.Repeat("0g", 16): 0, strings.Repeat(" ", 999): 0} {
		key, err := seedfile.ParseKey([]byte(text))
		if key.Len() != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %d bytes, %v", text, key.Len(), err)
		}
	}
}

// Figures 6 and 7 of RFC 6030, and what becomes of them when something is wrong.
func TestEncryptedPSKC(t *testing.T) {
	figure := func(n int) string {
		data, err := os.ReadFile(filepath.Join("testdata", fmt.Sprintf("rfc6030-figure%d.xml", n)))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	key := seedfile.Unlock{Key: preShared(t)}
	password := func(p string) seedfile.Unlock { return seedfile.Unlock{Password: mfa.NewSecret([]byte(p))} }
	for _, c := range []struct {
		name, data string
		unlock     seedfile.Unlock
		want       string // problem of the row or the file, "" for a good seed
	}{
		{"figure 6", figure(6), key, ""},
		{"figure 6 without a key", figure(6), seedfile.Unlock{}, "seed-key-needed"},
		{"figure 6 with a password", figure(6), password("qwerty"), "seed-key-needed"},
		{"figure 6, another key", figure(6), seedfile.Unlock{Key: mfa.NewSecret(make([]byte, 16))}, "seed-password-wrong"},
		{"figure 6, a longer key", figure(6), seedfile.Unlock{Key: mfa.NewSecret(make([]byte, 32))}, "seed-password-wrong"},
		{"figure 6, MAC changed", strings.Replace(figure(6), "Su+N", "Au+N", 1), key, "seed-file-mac"},
		{"figure 6, seed changed", strings.Replace(figure(6), "AAECAwQF", "AAECAwQG", 1), key, "seed-file-mac"},
		{"figure 6, MAC taken out", strings.Replace(figure(6), "<ValueMAC>Su+NvtQfmvfJzF6bmQiJqoLRExc=</ValueMAC>", "", 1), key, "seed-file-mac"},
		{"figure 6, MAC method taken out", cutOut(figure(6), "<MACMethod", "</MACMethod>"), key, "seed-file-mac"},
		{"figure 6, unknown MAC", strings.Replace(figure(6), "#hmac-sha1", "#hmac-md5", 1), key, "seed-file-encryption hmac-md5"},
		{"figure 6, unknown cipher", strings.ReplaceAll(figure(6), "#aes128-cbc", "#tripledes-cbc"), key, "seed-file-encryption tripledes-cbc"},
		{"figure 6, for a certificate", strings.Replace(figure(6), "<ds:KeyName>Pre-shared-key</ds:KeyName>", "<ds:X509Data/>", 1), key, "seed-file-encryption X.509"},
		{"figure 7", figure(7), password("qwerty"), ""},
		{"figure 7 without a password", figure(7), key, "seed-password-needed"},
		{"figure 7, another password", figure(7), password("qwertz"), "seed-password-wrong"},
		{"figure 7, iterations over the bound", strings.Replace(figure(7), ">1000<", ">1000001<", 1), password("qwerty"), "seed-file-encryption IterationCount"},
		{"figure 7, no iterations", strings.Replace(figure(7), ">1000<", ">0<", 1), password("qwerty"), "seed-file-encryption IterationCount"},
		{"figure 7, key length over the bound", strings.Replace(figure(7), ">16<", ">1000000<", 1), password("qwerty"), "seed-file-encryption KeyLength"},
		{"figure 7, other derivation", strings.Replace(figure(7), "#pbkdf2", "#scrypt", 1), password("qwerty"), "seed-file-encryption PBKDF2"},
		{"figure 7, no parameters", cutOut(figure(7), "<pkcs5:PBKDF2-params>", "</pkcs5:PBKDF2-params>"), password("qwerty"), "seed-file-encryption PBKDF2"},
		{"figure 7, other PRF", strings.Replace(figure(7), "<PRF/>", `<PRF Algorithm="http://x#hmac-sha256"/>`, 1), password("qwerty"), "seed-password-wrong"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := seedfile.Read(t.Context(), []byte(c.data), c.unlock)
			if err != nil {
				if problem(err) != c.want {
					t.Errorf("%s, want %s", problem(err), c.want)
				}
				return
			}
			r := f.Rows[0]
			if c.want == "" {
				c.want = "token-counter-based"
				if string(r.Seed.Bytes()) != "12345678901234567890" || r.Params.Digits != 8 || r.Serial != "987654321" {
					t.Errorf("%s", brief(r))
				}
			} else if r.Seed != nil {
				t.Error("there is a seed")
			}
			if problem(r.Problem) != c.want {
				t.Errorf("%s, want %s", problem(r.Problem), c.want)
			}
		})
	}
}

// cutOut drops everything from the first mark to the end of the second.
func cutOut(text, from, to string) string {
	i, j := strings.Index(text, from), strings.Index(text, to)
	return text[:i] + text[j+len(to):]
}

// sealed encrypts a value as vendors do, with the encryption key for the MAC.
func sealed(t testing.TB, key, plain []byte, name string) string {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	padding := aes.BlockSize - len(plain)%aes.BlockSize
	out := make([]byte, aes.BlockSize, 128)
	out = append(out, plain...)
	out = append(out, bytes.Repeat([]byte{byte(padding)}, padding)...)
	cipher.NewCBCEncrypter(block, out[:aes.BlockSize]).CryptBlocks(out[aes.BlockSize:], out[aes.BlockSize:])
	mac := hmac.New(sha1.New, key)
	mac.Write(out)
	return fmt.Sprintf(`<%s><EncryptedValue><x:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes%d-cbc"/><x:CipherData><x:CipherValue>%s</x:CipherValue></x:CipherData></EncryptedValue><ValueMAC>%s</ValueMAC></%s>`,
		name, 8*len(key), base64.StdEncoding.EncodeToString(out), base64.StdEncoding.EncodeToString(mac.Sum(nil)), name)
}

const macHead = `<MACMethod Algorithm="http://www.w3.org/2000/09/xmldsig#hmac-sha1"/>`

func TestEncryptedNumbersAndLongerKeys(t *testing.T) {
	for _, length := range []int{16, 24, 32} {
		key := bytes.Repeat([]byte{9}, length)
		data := pskcHead + macHead + keyPackage("T1", "totp", "", sealed(t, key, []byte("12345678901234567890"), "Secret")+
			sealed(t, key, []byte("60"), "TimeInterval")+sealed(t, key, []byte{0, 0, 2}, "TimeDrift")) + `</KeyContainer>`
		f, err := seedfile.Read(t.Context(), []byte(data), seedfile.Unlock{Key: mfa.NewSecret(bytes.Clone(key))})
		if err != nil {
			t.Fatal(err)
		}
		r := f.Rows[0]
		if got := brief(r); got != "1 T1 totp SHA1/6/1m0s 20" || r.Drift != 2 {
			t.Errorf("key of %d bytes: %s, drift %d", length, got, r.Drift)
		}
		if code, err := totp.Code(r.Seed, r.Params, time.Unix(119, 0)); err != nil || code != "287082" {
			t.Errorf("%s, %v", code, err)
		}
	}
}

func BenchmarkEncryptedPSKC(b *testing.B) {
	key := bytes.Repeat([]byte{9}, 16)
	var data strings.Builder
	data.WriteString(pskcHead + macHead)
	for i := range 10_000 {
		data.WriteString(keyPackage(fmt.Sprintf("T%09d", i), "totp", eight, sealed(b, key, []byte(fmt.Sprintf("%020d", i)), "Secret")))
	}
	data.WriteString(`</KeyContainer>`)
	text := []byte(data.String())
	b.ReportAllocs()
	for b.Loop() {
		f, err := seedfile.Read(b.Context(), text, seedfile.Unlock{Key: mfa.NewSecret(bytes.Clone(key))})
		if err != nil || f.Usable() != 10_000 {
			b.Fatal(err)
		}
	}
}
