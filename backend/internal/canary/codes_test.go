package canary

import (
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// notCodes is everything that is not six digits.
func notCodes() map[string]string {
	return map[string]string{
		"empty": "", "one digit": "1", "five digits": "12345", "seven digits": "1234567", "eight digits": "12345678",
		"a blank before": " 123456", "a blank after": "123456 ", "a blank between": "123 456", "a dash between": "123-456",
		"a line feed": "123456\n", "a tab": "\t123456", "a NUL": "12345\x00", "a NUL after": "123456\x00", "six NULs": strings.Repeat("\x00", 6),
		"letters": "abcdef", "a letter": "12345a", "hex": "0x1234", "a sign": "+12345", "minus": "-12345", "a point": "123.45", "exponent": "1e5000",
		"Arabic digits": "١٢٣٤٥٦", "full-width digits": "１２３４５６", "Devanagari digits": "१२३४५६", "superscript": "¹²³⁴⁵⁶", "mathematical digits": "𝟏𝟐𝟑𝟒𝟓𝟔",
		"one Arabic digit": "12345٦", "six bytes of three letters": "äöü", "a zero-width space": "123456\u200b", "right to left": "\u202e123456", "a BOM": "\ufeff123456",
		"not UTF-8": "\xff\xfe\xfd\xfc\xfb\xfa", "SQL": "' OR 1", "long": strings.Repeat("1", 1<<20), "very long": strings.Repeat("9", 8<<20),
	}
}

// What is not a code is refused as such in every place where a code is typed: nothing
// is counted, nothing is changed, and however long it is it takes no time.
func TestWhatIsNoCode(t *testing.T) {
	l := newLab(t)
	g := l.enabled(l.who, "", "phone")
	l.prove()
	free := l.app(l.who, "tablet")
	l.token("TOKEN00001")
	pending := l.pending(mfa.Identity{Kind: mfa.Root, Name: rootMail})
	good := l.code(g, 1)
	for name, code := range notCodes() {
		t.Run(name, func(t *testing.T) {
			l := *l
			l.TB = t
			ctx := t.Context()
			begun := time.Now()
			l.unchanged(name, false, func() {
				_, err := l.ceremony.SignInWithCode(ctx, pending, code)
				wants(t, "sign-in", err, mfa.CodeCodeFormat)
				for _, pair := range [][2]string{{code, good}, {good, code}, {code, code}} {
					_, err = l.ceremony.EnableApp(ctx, l.who, "", free.ID, pair[0], pair[1])
					wants(t, "enabling an app", err, mfa.CodeCodeFormat)
					_, err = l.ceremony.AssignToken(ctx, l.who, "", "TOKEN00001", "keyring", pair[0], pair[1])
					wants(t, "assigning a token", err, mfa.CodeCodeFormat)
					_, err = l.ceremony.Resync(ctx, l.who, g.ID, pair[0], pair[1])
					wants(t, "resynchronising", err, mfa.CodeCodeFormat)
					err = l.ceremony.ResyncPending(ctx, pending, g.ID, pair[0], pair[1])
					wants(t, "resynchronising at the sign-in", err, mfa.CodeCodeFormat)
					if f := mfa.AsFailure(err); f.IAM() != "ValidationError" || f.Params["digits"] != "6" || len(f.Explain()) > 200 {
						t.Errorf("%s: %s %v, cause of %d bytes", name, f.IAM(), f.Params, len(f.Explain()))
					}
				}
			})
			if took := time.Since(begun); took > time.Minute { // only what never ends takes that long
				t.Errorf("it took %v", took)
			}
		})
	}
	gate, err := l.accounts.GuessGate(t.Context(), l.who.PrincipalID)
	if err != nil || gate.Count != 0 {
		t.Errorf("what is no code was counted: %+v, %v", gate, err)
	}
	if _, err := l.ceremony.SignInWithCode(t.Context(), pending, good); err != nil {
		t.Errorf("after all that the right code: %v", err)
	}
}

// What is no recovery code is a wrong one, however long it is, and says nothing.
func TestWhatIsNoRecoveryCode(t *testing.T) {
	l := newLab(t)
	l.enabled(l.who, "", "phone")
	l.prove()
	codes, err := l.recovery.Make(t.Context(), l.who)
	l.must(err)
	for name, code := range notCodes() {
		begun := time.Now()
		err := l.recovery.Use(t.Context(), l.who.PrincipalID, mfa.NewSecret([]byte(code)))
		wants(t, name, err, mfa.CodeRecoveryCodeWrong)
		if f := mfa.AsFailure(err); len(f.Params) > 0 || len(f.Explain()) > 200 {
			t.Errorf("%s: %v, cause of %d bytes", name, f.Params, len(f.Explain()))
		}
		if took := time.Since(begun); took > time.Minute {
			t.Errorf("%s: it took %v", name, took)
		}
	}
	if n, err := l.recovery.Left(t.Context(), l.who.PrincipalID); n != 10 || err != nil {
		t.Errorf("%d codes left, %v", n, err)
	}
	typed := strings.ToLower(strings.ReplaceAll(string(codes[3].Bytes()), "-", " "))
	l.must(l.recovery.Use(t.Context(), l.who.PrincipalID, mfa.NewSecret([]byte(typed))))
}
