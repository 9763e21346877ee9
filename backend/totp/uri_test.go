package totp_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
)

const someSecret = "secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

func TestURI(t *testing.T) {
	for _, c := range []struct {
		name string
		key  totp.Key
		want string
	}{
		{"ours", totp.Key{Type: totp.TOTP, Issuer: "Keyferry", Account: "phone@harbour", Params: totp.Default},
			"otpauth://totp/Keyferry:phone%40harbour?" + someSecret + "&issuer=Keyferry"},
		{"everything to encode", totp.Key{Type: totp.TOTP, Issuer: "A & B: c/d", Account: "é +%?#", Params: totp.Default},
			"otpauth://totp/A%20%26%20B%3A%20c%2Fd:%C3%A9%20%2B%25%3F%23?" + someSecret + "&issuer=A%20%26%20B%3A%20c%2Fd"},
		{"all parameters", totp.Key{Type: totp.TOTP, Account: "x", Params: totp.Params{Algorithm: totp.SHA256, Digits: 8, Period: time.Minute}},
			"otpauth://totp/x?" + someSecret + "&algorithm=SHA256&digits=8&period=60"},
		{"counter", totp.Key{Type: totp.HOTP, Account: "x", Params: totp.Default, Counter: 7}, "otpauth://hotp/x?" + someSecret + "&counter=7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.key.Seed = seedOf(20)
			if got := string(c.key.URI().Bytes()); got != c.want {
				t.Errorf("%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestParseURI(t *testing.T) {
	sure := totp.Key{Type: totp.TOTP, Issuer: "A", Account: "b", Params: totp.Default}
	with := func(change func(*totp.Key)) *totp.Key { k := sure; change(&k); return &k }
	for _, c := range []struct {
		name, uri string
		want      *totp.Key // nil for refused
		part      string    // with nil
	}{
		{"plain", "otpauth://totp/A:b?" + someSecret, &sure, ""},
		{"upper case", "OTPAUTH://TOTP/A:b?SECRET=gezdgnbvgy3tqojqgezdgnbvgy3tqojq", &sure, ""},
		{"encoded colon", "otpauth://totp/A%3Ab?" + someSecret, &sure, ""},
		{"blank after the colon", "otpauth://totp/A:%20b?" + someSecret, &sure, ""},
		{"issuer alone", "otpauth://totp/b?issuer=A&" + someSecret, &sure, ""},
		{"two issuers", "otpauth://totp/Z:b?issuer=A&" + someSecret, &sure, ""},
		{"empty issuer", "otpauth://totp/A:b?issuer=&" + someSecret, &sure, ""},
		{"the same twice", "otpauth://totp/A:b?" + someSecret + "&" + someSecret, &sure, ""},
		{"unknown parameters", "otpauth://totp/A:b?image=http%3A%2F%2Fx&" + someSecret + "&&color", &sure, ""},
		{"padding", "otpauth://totp/A:b?secret=MZXW6YTBOI======", &sure, ""},
		{"no label", "otpauth://totp?" + someSecret, with(func(k *totp.Key) { k.Issuer, k.Account = "", "" }), ""},
		{"a plus sign", "otpauth://totp/A:b+c?" + someSecret, with(func(k *totp.Key) { k.Account = "b+c" }), ""},
		{"all parameters", "otpauth://totp/A:b?digits=8&period=60&algorithm=sha512&" + someSecret,
			with(func(k *totp.Key) { k.Params = totp.Params{Algorithm: totp.SHA512, Digits: 8, Period: time.Minute} }), ""},
		{"HmacSHA256", "otpauth://totp/A:b?algorithm=HmacSHA256&" + someSecret, with(func(k *totp.Key) { k.Params.Algorithm = totp.SHA256 }), ""},
		{"read but not usable", "otpauth://totp/A:b?algorithm=SHA3-256&digits=7&period=20&" + someSecret,
			with(func(k *totp.Key) { k.Params = totp.Params{Algorithm: "SHA3-256", Digits: 7, Period: 20 * time.Second} }), ""},
		{"counter", "otpauth://hotp/A:b?counter=5&" + someSecret, with(func(k *totp.Key) { k.Type, k.Counter = totp.HOTP, 5 }), ""},

		{"other scheme", "javascript:alert(1)//otpauth://totp/A:b?" + someSecret, nil, "scheme"},
		{"nothing", "", nil, "scheme"},
		{"export of an app", "otpauth-migration://offline?data=x", nil, "scheme"},
		{"other type", "otpauth://derp/A:b?" + someSecret, nil, "type"},
		{"user info", "otpauth://user:pw@totp/A:b?" + someSecret, nil, "type"},
		{"port", "otpauth://totp:80/A:b?" + someSecret, nil, "type"},
		{"fragment", "otpauth://totp/A:b?" + someSecret + "#x", nil, "query"},
		{"broken percent sign", "otpauth://totp/A%2:b?" + someSecret, nil, "label"},
		{"percent sign at the end", "otpauth://totp/A%2?" + someSecret, nil, "label"},
		{"no hex", "otpauth://totp/A%+1?" + someSecret, nil, "label"},
		{"not UTF-8", "otpauth://totp/%ff?" + someSecret, nil, "label"},
		{"control character", "otpauth://totp/A%00b?" + someSecret, nil, "label"},
		{"line break in the issuer", "otpauth://totp/b?issuer=A%0a&" + someSecret, nil, "issuer"},
		{"long label", "otpauth://totp/" + strings.Repeat("a", 300) + "?" + someSecret, nil, "label"},
		{"no secret", "otpauth://totp/A:b", nil, "secret"},
		{"empty secret", "otpauth://totp/A:b?secret=", nil, "secret"},
		{"secret with blanks", "otpauth://totp/A:b?secret=GEZD%20GNBV", nil, "secret"},
		{"two secrets", "otpauth://totp/A:b?secret=MZXW6YTB&secret=MZXW6YTA", nil, "query"},
		{"MD5", "otpauth://totp/A:b?algorithm=MD5&" + someSecret, nil, "algorithm"},
		{"HMAC-MD5", "otpauth://totp/A:b?algorithm=HMAC-MD5&" + someSecret, nil, "algorithm"},
		{"empty algorithm", "otpauth://totp/A:b?algorithm=&" + someSecret, nil, "algorithm"},
		{"digits 0", "otpauth://totp/A:b?digits=0&" + someSecret, nil, "digits"},
		{"digits 11", "otpauth://totp/A:b?digits=11&" + someSecret, nil, "digits"},
		{"digits six", "otpauth://totp/A:b?digits=six&" + someSecret, nil, "digits"},
		{"digits -6", "otpauth://totp/A:b?digits=-6&" + someSecret, nil, "digits"},
		{"digits +6", "otpauth://totp/A:b?digits=+6&" + someSecret, nil, "digits"},
		{"period 0", "otpauth://totp/A:b?period=0&" + someSecret, nil, "period"},
		{"period over a day", "otpauth://totp/A:b?period=86401&" + someSecret, nil, "period"},
		{"period that overflows", "otpauth://totp/A:b?period=99999999999999999999&" + someSecret, nil, "period"},
		{"no counter", "otpauth://hotp/A:b?" + someSecret, nil, "counter"},
		{"counter that overflows", "otpauth://hotp/A:b?counter=9223372036854775808&" + someSecret, nil, "counter"},
		{"too long", "otpauth://totp/A:b?" + someSecret + "&x=" + strings.Repeat("y", totp.MaxURI), nil, "length"},
		{"too many parameters", "otpauth://totp/A:b?" + someSecret + manyParameters(), nil, "query"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := totp.ParseURI([]byte(c.uri))
			if c.want == nil {
				if !mfa.IsCode(err, mfa.CodeOTPAuthInvalid) || mfa.AsFailure(err).Params["part"] != c.part {
					t.Errorf("%v, want part %s", err, c.part)
				}
				return
			}
			if err != nil || got.Seed.Len() == 0 {
				t.Fatal(err)
			}
			got.Seed = nil
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

func manyParameters() string {
	var b strings.Builder
	for i := range 40 {
		b.WriteString("&" + strings.Repeat("p", i%32+1) + string(rune('a'+i%26)) + "=1")
	}
	return b.String()
}

func TestKeyCheck(t *testing.T) {
	for uri, want := range map[string]mfa.Code{
		"otpauth://totp/A:b?" + someSecret:                    "",
		"otpauth://totp/A:b?digits=8&period=60&" + someSecret: "",
		"otpauth://totp/A:b?digits=7&" + someSecret:           mfa.CodeTokenUnsupported,
		"otpauth://totp/A:b?period=15&" + someSecret:          mfa.CodeTokenUnsupported,
		"otpauth://totp/A:b?algorithm=SHA3-512&" + someSecret: mfa.CodeTokenUnsupported,
		"otpauth://hotp/A:b?counter=0&" + someSecret:          mfa.CodeTokenCounterBased,
		"otpauth://totp/Steam:b?encoder=steam&" + someSecret:  "refused when read",
	} {
		k, err := totp.ParseURI([]byte(uri))
		if want == "refused when read" {
			if !mfa.IsCode(err, mfa.CodeTokenUnsupported) {
				t.Errorf("%s: %v", uri, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", uri, err)
			continue
		}
		if err := k.Check(); want == "" && err != nil || want != "" && !mfa.IsCode(err, want) {
			t.Errorf("%s: %v, want %s", uri, err, want)
		}
	}
}

func FuzzParseURI(f *testing.F) {
	for _, uri := range []string{
		"otpauth://totp/Keyferry:phone%40harbour?" + someSecret + "&issuer=Keyferry",
		"otpauth://hotp/x?counter=7&digits=8&algorithm=SHA512&" + someSecret,
		"otpauth://totp/%41%3a%20b?period=60&" + someSecret, "otpauth://totp?secret=ME", "otpauth://", "%",
	} {
		f.Add([]byte(uri))
	}
	f.Fuzz(func(t *testing.T, uri []byte) {
		k, err := totp.ParseURI(uri)
		if err != nil {
			if c := mfa.AsFailure(err).Code; c != mfa.CodeOTPAuthInvalid && c != mfa.CodeTokenUnsupported {
				t.Errorf("%v", err)
			}
			return
		}
		if k.Check() != nil || strings.Contains(k.Issuer, ":") || k.Issuer == "" && strings.Contains(k.Account, ":") {
			return // a colon in the issuer comes back as the border of the label
		}
		again, err := totp.ParseURI(k.URI().Bytes())
		if err != nil && len(uri) < totp.MaxURI/4 {
			t.Fatalf("%v: what was written cannot be read", err)
		}
		if err == nil && (again.Issuer != k.Issuer || again.Account != k.Account || again.Params != k.Params || !again.Seed.Equal(k.Seed)) {
			t.Errorf("%+v came back as %+v", k, again)
		}
	})
}
