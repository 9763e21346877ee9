package mfa_test

import (
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

// check holds the result of a check against a code; "" is for no failure.
func check(t *testing.T, err error, want mfa.Code) {
	t.Helper()
	if want == "" && err != nil || want != "" && !mfa.IsCode(err, want) {
		t.Errorf("want %q, got %v", want, err)
	}
}

func TestCheckName(t *testing.T) {
	rows := []struct {
		name, input string
		code        mfa.Code
	}{
		{"one letter", "a", ""},
		{"every class", "aZ09_+=,.@-", ""},
		{"only signs", "+=,.@-_", ""},
		{"64", strings.Repeat("a", 64), ""},
		{"65", strings.Repeat("a", 65), mfa.CodeNameInvalid},
		{"empty", "", mfa.CodeNameInvalid},
		{"blank inside", "my phone", mfa.CodeNameInvalid},
		{"blank", " ", mfa.CodeNameInvalid},
		{"line end", "phone\n", mfa.CodeNameInvalid},
		{"NUL", "pho\x00ne", mfa.CodeNameInvalid},
		{"slash", "a/b", mfa.CodeNameInvalid},
		{"colon", "a:b", mfa.CodeNameInvalid},
		{"umlaut", "Täst", mfa.CodeNameInvalid},
		{"digit of another script", "٣", mfa.CodeNameInvalid},
		{"Kelvin sign", "\u212A", mfa.CodeNameInvalid}, // folds to k elsewhere
		{"invalid UTF-8", "a\xff", mfa.CodeNameInvalid},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) { check(t, mfa.CheckName(row.input), row.code) })
	}
	if p := mfa.AsFailure(mfa.CheckName("")).Params; p["max"] != "64" {
		t.Errorf("params %v", p)
	}
}

func TestFoldName(t *testing.T) {
	if mfa.FoldName("MyPhone_1") != mfa.FoldName("mYpHONE_1") || mfa.FoldName("a") == mfa.FoldName("b") {
		t.Error("names are told apart wrongly")
	}
}

func TestCheckAlias(t *testing.T) {
	rows := []struct {
		name, input string
		code        mfa.Code
	}{
		{"three", "abc", ""},
		{"two", "ab", mfa.CodeAliasInvalid},
		{"63", strings.Repeat("a", 63), ""},
		{"64", strings.Repeat("a", 64), mfa.CodeAliasInvalid},
		{"hyphen", "a-b", ""},
		{"two hyphens", "a--b", mfa.CodeAliasInvalid},
		{"hyphen first", "-ab", mfa.CodeAliasInvalid},
		{"hyphen last", "ab-", mfa.CodeAliasInvalid},
		{"upper case", "Abc", mfa.CodeAliasInvalid},
		{"underscore", "a_b", mfa.CodeAliasInvalid},
		{"dot", "a.b", mfa.CodeAliasInvalid},
		{"eleven digits", "12345678901", ""},
		{"an account ID", "123456789012", mfa.CodeAliasInvalid},
		{"thirteen digits", "1234567890123", ""},
		{"twelve digits and a hyphen", "123456-789012", ""},
		{"umlaut", "äbc", mfa.CodeAliasInvalid},
		{"empty", "", mfa.CodeAliasInvalid},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) { check(t, mfa.CheckAlias(row.input), row.code) })
	}
}

func TestCheckEmail(t *testing.T) {
	rows := []struct {
		name, input string
		code        mfa.Code
	}{
		{"plain", "root@example.org", ""},
		{"plus", "root+mfa@example.org", ""},
		{"254", strings.Repeat("a", 63) + "@" + strings.Repeat(strings.Repeat("b", 60)+".", 3) + "example", ""},
		{"no at", "example.org", mfa.CodeEmailInvalid},
		{"no name", "@example.org", mfa.CodeEmailInvalid},
		{"no domain", "root@", mfa.CodeEmailInvalid},
		{"with a label", "Root <root@example.org>", mfa.CodeEmailInvalid},
		{"blank in front", " root@example.org", mfa.CodeEmailInvalid},
		{"line end", "root@example.org\n", mfa.CodeEmailInvalid},
		{"two", "a@example.org, b@example.org", mfa.CodeEmailInvalid},
		{"too long", strings.Repeat("a", 250) + "@b.cd", mfa.CodeEmailInvalid},
		{"empty", "", mfa.CodeEmailInvalid},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) { check(t, mfa.CheckEmail(row.input), row.code) })
	}
}

func TestCheckPassword(t *testing.T) {
	rows := []struct {
		name, input string
		code        mfa.Code
	}{
		{"eight", "12345678", ""},
		{"seven", "1234567", mfa.CodePasswordShort},
		{"empty", "", mfa.CodePasswordShort},
		{"eight umlauts are sixteen bytes", "ääääääää", ""},
		{"seven umlauts are fourteen bytes", "äääääää", mfa.CodePasswordShort},
		{"128", strings.Repeat("ÿ", 128), ""},
		{"129", strings.Repeat("a", 129), mfa.CodePasswordInvalid},
		{"tab, LF, CR", "a\tb\nc\rdef", ""},
		{"blanks", "        ", ""},
		{"NUL", "1234567\x00", mfa.CodePasswordInvalid},
		{"escape", "1234567\x1b", mfa.CodePasswordInvalid},
		{"first above the range", "1234567Ā", mfa.CodePasswordInvalid},
		{"emoji", "1234567😀", mfa.CodePasswordInvalid},
		{"Latin-1 that is no UTF-8", "1234567\xe4", mfa.CodePasswordInvalid},
		{"the replacement character", "1234567\uFFFD", mfa.CodePasswordInvalid},
		{"short and wrong", "Ā", mfa.CodePasswordInvalid},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			check(t, mfa.CheckPassword(mfa.NewSecret([]byte(row.input))), row.code)
		})
	}
	check(t, mfa.CheckPassword(nil), mfa.CodePasswordShort)
}

func TestCheckRPID(t *testing.T) {
	long := strings.Repeat("a", 63)
	rows := []struct {
		name, input string
		code        mfa.Code
	}{
		{"the default", mfa.DefaultRPID, ""},
		{"the sandbox", mfa.SandboxRPID, ""},
		{"a domain", "id.example.org", ""},
		{"punycode", "xn--bcher-kva.example", ""},
		{"digits inside", "1.example", ""},
		{"253", long + "." + long + "." + long + "." + strings.Repeat("a", 61), ""},
		{"254", long + "." + long + "." + long + "." + strings.Repeat("a", 62), mfa.CodeRPIDInvalid},
		{"label of 64", "a" + long + ".example", mfa.CodeRPIDInvalid},
		{"one label", "localhost", mfa.CodeRPIDInvalid},
		{"an IPv4 address", "127.0.0.1", mfa.CodeRPIDInvalid},
		{"an IPv6 address", "[::1]", mfa.CodeRPIDInvalid},
		{"upper case", "Example.org", mfa.CodeRPIDInvalid},
		{"dot last", "example.org.", mfa.CodeRPIDInvalid},
		{"dot first", ".example.org", mfa.CodeRPIDInvalid},
		{"two dots", "example..org", mfa.CodeRPIDInvalid},
		{"hyphen first", "-a.example", mfa.CodeRPIDInvalid},
		{"hyphen last", "a-.example", mfa.CodeRPIDInvalid},
		{"underscore", "a_b.example", mfa.CodeRPIDInvalid},
		{"port", "example.org:443", mfa.CodeRPIDInvalid},
		{"an origin", "https://example.org", mfa.CodeRPIDInvalid},
		{"umlaut", "bücher.example", mfa.CodeRPIDInvalid},
		{"empty", "", mfa.CodeRPIDInvalid},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) { check(t, mfa.CheckRPID(row.input), row.code) })
	}
	if got := (mfa.Account{RPID: mfa.DefaultRPID}).Origin(); got != "https://keyferry.internal" {
		t.Errorf("origin %s", got)
	}
}

func TestNewID(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := mfa.NewID()
		if len(id) != 26 || strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" || seen[id] {
			t.Fatalf("ID %q", id)
		}
		seen[id] = true
	}
}

func FuzzChecks(f *testing.F) {
	for _, seed := range []string{"", "phone", "a--b", "root@example.org", "127.0.0.1", "a\xff", "\u212A"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if mfa.CheckName(s) == nil && (len(s) > mfa.MaxName || mfa.CheckName(mfa.FoldName(s)) != nil || len(mfa.FoldName(s)) != len(s)) {
			t.Errorf("name %q", s)
		}
		if mfa.CheckAlias(s) == nil && (len(s) < mfa.MinAlias || len(s) > mfa.MaxAlias) {
			t.Errorf("alias %q", s)
		}
		if mfa.CheckEmail(s) == nil && !strings.Contains(s, "@") {
			t.Errorf("address %q", s)
		}
		if mfa.CheckRPID(s) == nil && (strings.ToLower(s) != s || !strings.Contains(s, ".")) {
			t.Errorf("RP ID %q", s)
		}
		mfa.CheckPassword(mfa.NewSecret([]byte(s)))
	})
}
