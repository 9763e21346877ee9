package vectors

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
)

// oneTime is an item of a file of one-time codes, seeds, addresses and seed files.
type oneTime struct {
	ID        string                     `json:"id"`
	Kind      string                     `json:"kind"`
	Expect    string                     `json:"expect"`
	Secret    string                     `json:"secret"` // base32
	SecretHex *hexBytes                  `json:"secret_hex"`
	Algorithm totp.Algorithm             `json:"algorithm"`
	Digits    int                        `json:"digits"`
	Period    int64                      `json:"period"` // seconds
	Counter   uint64                     `json:"counter"`
	Time      *int64                     `json:"time"` // Unix
	Skew      *int                       `json:"skew"` // steps
	Code      string                     `json:"code"`
	URI       string                     `json:"uri"`
	Fields    map[string]json.RawMessage `json:"fields"`
	Text      string                     `json:"text"`
	Expected  map[string]json.RawMessage `json:"expected"`
	Unlock    struct {
		KeyHex   hexBytes `json:"key_hex"`
		Password string   `json:"password"`
	} `json:"unlock"`
}

func parseTOTP(raw json.RawMessage) (item, error) {
	v := oneTime{Algorithm: totp.Default.Algorithm, Digits: totp.Default.Digits, Period: int64(totp.Default.Period / time.Second)}
	if err := json.Unmarshal(raw, &v); err != nil {
		return item{}, fmt.Errorf("%s: %w", v.ID, err)
	}
	it := item{id: v.ID, kind: v.Kind, expect: v.Expect}
	runs := map[string]func() verdict{"hotp": v.hotp, "totp": v.totp, "secret": v.seed, "uri": v.uri, "pskc": v.seedFile, "csv": v.seedFile}
	if v.Skew == nil || *v.Skew == totp.SignInWindow { // the product has this window only
		runs["totp_validate"] = v.validate
	}
	if run, ok := runs[v.Kind]; ok {
		it.run = func([]byte) verdict { return run() }
	}
	return it, nil
}

func (v oneTime) params() totp.Params {
	return totp.Params{Algorithm: v.Algorithm, Digits: v.Digits, Period: time.Duration(v.Period) * time.Second}
}

// at is the item's time, 1970 where it has none.
func (v oneTime) at() time.Time {
	if v.Time == nil {
		return time.Unix(0, 0)
	}
	return time.Unix(*v.Time, 0)
}

// compare refuses err, or else holds a code against the file's.
func (v oneTime) compare(code string, err error) verdict {
	switch {
	case err != nil:
		return refused(err)
	case code != v.Code:
		return verdict{wrong: fmt.Sprintf("code is %s, expected %s", code, v.Code)}
	}
	return accepted()
}

func (v oneTime) hotp() verdict {
	seed, err := totp.ParseBase32([]byte(v.Secret))
	if err != nil {
		return refused(err)
	}
	return v.compare(totp.HOTPCode(seed, v.Algorithm, v.Digits, v.Counter))
}

func (v oneTime) totp() verdict {
	seed, err := totp.ParseBase32([]byte(v.Secret))
	if err != nil {
		return refused(err)
	}
	return v.compare(totp.Code(seed, v.params(), v.at()))
}

func (v oneTime) validate() verdict {
	seed, err := totp.ParseBase32([]byte(v.Secret))
	if err == nil {
		_, err = totp.Verify(seed, v.params(), totp.State{}, v.Code, v.at())
	}
	if err != nil {
		return refused(err)
	}
	return accepted()
}

// seed reads a secret key as a person types it, and makes a code of it when the
// file has one.
func (v oneTime) seed() verdict {
	seed, err := totp.ParseBase32([]byte(v.Secret))
	switch {
	case err != nil:
		return refused(err)
	case v.SecretHex != nil && hex.EncodeToString(seed.Bytes()) != hex.EncodeToString(*v.SecretHex):
		return verdict{wrong: "secret_hex is " + hex.EncodeToString(seed.Bytes())}
	case v.Code == "":
		return accepted()
	case v.Time == nil:
		return v.hotp()
	}
	return v.totp()
}

// uri compares the fields that the file states; those it has as null are the
// defaults of whoever reads.
func (v oneTime) uri() verdict {
	k, err := totp.ParseURI([]byte(v.URI))
	if err != nil {
		return refused(err)
	}
	want := maps.Clone(v.Fields)
	maps.DeleteFunc(want, func(_ string, raw json.RawMessage) bool { return string(raw) == "null" })
	return verdict{wrong: outputs{"type": k.Type, "issuer": k.Issuer, "account": k.Account, "secret": anyCase(text(totp.Base32(k.Seed))),
		"algorithm": k.Params.Algorithm, "digits": k.Params.Digits, "period": k.Params.Period / time.Second, "counter": k.Counter}.differ(want)}
}

// text is a secret of a test vector, which is none.
func text(s *mfa.Secret) string { return string(s.Bytes()) }

func checkOTPAuth(data []byte) error {
	_, err := totp.ParseURI(data)
	return err
}
