package totp_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"hash"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
)

// seedOf repeats the RFCs' digits up to a length.
func seedOf(n int) *mfa.Secret {
	return mfa.NewSecret([]byte(strings.Repeat("1234567890", 13)[:n]))
}

// RFC 4226 appendix D.
func TestHOTPFigures(t *testing.T) {
	for counter, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} {
		if got, err := totp.HOTPCode(seedOf(20), totp.SHA1, 6, uint64(counter)); err != nil || got != want {
			t.Errorf("counter %d: %s, %v, want %s", counter, got, err, want)
		}
	}
}

// RFC 6238 appendix B; each hash has a seed of its own length.
func TestTOTPFigures(t *testing.T) {
	for _, row := range []struct {
		at                   int64
		sha1, sha256, sha512 string
	}{
		{59, "94287082", "46119246", "90693936"},
		{1111111109, "07081804", "68084774", "25091201"},
		{1111111111, "14050471", "67062674", "99943326"},
		{1234567890, "89005924", "91819424", "93441116"},
		{2000000000, "69279037", "90698825", "38618901"},
		{20000000000, "65353130", "77737706", "47863826"},
	} {
		for algorithm, c := range map[totp.Algorithm]struct {
			seed int
			want string
		}{totp.SHA1: {20, row.sha1}, totp.SHA256: {32, row.sha256}, totp.SHA512: {64, row.sha512}} {
			got, err := totp.Code(seedOf(c.seed), totp.Params{Algorithm: algorithm, Digits: 8, Period: 30 * time.Second}, time.Unix(row.at, 0))
			if err != nil || got != c.want {
				t.Errorf("%s at %d: %s, %v, want %s", algorithm, row.at, got, err, c.want)
			}
		}
	}
}

// The HMACs are written out for speed; they must be those of the standard library.
func TestCodesAreThoseOfCryptoHMAC(t *testing.T) {
	hashes := map[totp.Algorithm]func() hash.Hash{totp.SHA1: sha1.New, totp.SHA256: sha256.New, totp.SHA512: sha512.New}
	random := rand.New(rand.NewPCG(1, 2))
	for algorithm, h := range hashes {
		for length := 1; length <= 200; length++ { // across every block size
			key := make([]byte, length)
			for i := range key {
				key[i] = byte(random.Uint32())
			}
			counter := random.Uint64()
			mac := hmac.New(h, key)
			_ = binary.Write(mac, binary.BigEndian, counter)
			sum := mac.Sum(nil)
			at := sum[len(sum)-1] & 0xf
			want := fmt.Sprintf("%08d", (binary.BigEndian.Uint32(sum[at:])&0x7fffffff)%1e8)
			if got, err := totp.HOTPCode(mfa.NewSecret(key), algorithm, 8, counter); err != nil || got != want {
				t.Fatalf("%s, key of %d bytes: %s, %v, want %s", algorithm, length, got, err, want)
			}
		}
	}
}

func TestParams(t *testing.T) {
	with := func(change func(*totp.Params)) totp.Params { p := totp.Default; change(&p); return p }
	for _, c := range []struct {
		name string
		p    totp.Params
		what string // "" for supported
	}{
		{"default", totp.Default, ""},
		{"SHA-256, 8 digits, 60 s", totp.Params{Algorithm: totp.SHA256, Digits: 8, Period: time.Minute}, ""},
		{"SHA-512", with(func(p *totp.Params) { p.Algorithm = totp.SHA512 }), ""},
		{"no hash", with(func(p *totp.Params) { p.Algorithm = "" }), ""},
		{"MD5", with(func(p *totp.Params) { p.Algorithm = "MD5" }), "MD5"},
		{"7 digits", with(func(p *totp.Params) { p.Digits = 7 }), "7 digits"},
		{"10 digits", with(func(p *totp.Params) { p.Digits = 10 }), "10 digits"},
		{"no digits", with(func(p *totp.Params) { p.Digits = 0 }), "0 digits"},
		{"15 s", with(func(p *totp.Params) { p.Period = 15 * time.Second }), "15s"},
		{"no period", with(func(p *totp.Params) { p.Period = 0 }), "0s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.p.Check()
			if c.name == "no hash" {
				if !mfa.IsCode(err, mfa.CodeTokenUnsupported) {
					t.Error(err)
				}
			} else if c.what == "" && err != nil || c.what != "" && (err == nil || mfa.AsFailure(err).Params["what"] != c.what) {
				t.Errorf("%v", err)
			}
			if _, codeErr := totp.Code(seedOf(20), c.p, time.Unix(59, 0)); (codeErr == nil) != (err == nil) {
				t.Errorf("Check says %v, Code says %v", err, codeErr)
			}
		})
	}
}

func TestStepsAroundTheEpoch(t *testing.T) {
	for at, want := range map[int64]int64{-31: -2, -30: -1, -1: -1, 0: 0, 29: 0, 30: 1, 59: 1} {
		if got := totp.Default.Step(time.Unix(at, 0)); got != want {
			t.Errorf("step at %d is %d, want %d", at, got, want)
		}
	}
	if _, err := totp.Code(seedOf(20), totp.Default, time.Unix(-1, 0)); !mfa.IsCode(err, mfa.CodeInvalidInput) {
		t.Errorf("before 1970: %v", err)
	}
	if _, err := totp.Code(nil, totp.Default, time.Unix(1, 0)); !mfa.IsCode(err, mfa.CodeSeedInvalid) {
		t.Errorf("no seed: %v", err)
	}
}
