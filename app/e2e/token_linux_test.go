//go:build e2e

package e2e

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/keyferry/keyferry/app/e2e/walk"
)

// A seed file with a bad row is chosen in the system's dialog and looked at, with
// the codes that its tokens show; the good ones are imported, one is given to a
// user, and its code signs the user in.
func TestToken(t *testing.T) {
	s := sit(t, account(t, "bob"))
	token := walk.Authenticator{Secret: []byte("no one else has it!!")}
	file := filepath.Join(t.TempDir(), "tokens.csv")
	rows := fmt.Sprintf("FT-2301177,%s,TOTP,6,30\nFT-2301178,not-hex,TOTP,6,30\nFT-2301179,%s,TOTP,6,60\n",
		hex.EncodeToString(token.Secret), hex.EncodeToString([]byte("another secret, too!")))
	if err := os.WriteFile(file, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, s.OpenSandboxAgain, s.RootPassword(walk.Password), s.IsHome,
		s.Open("tokens"), s.Says("tokens.s_empty"), s.Looks("tokens-empty"), s.Push("tokens.s_import"), s.Title("tokens.s_import_title"),
		s.Push("file.s_choose"), s.Choose(file),
		s.Heading("tokens.csv"), s.Says("tokens.l_preview", "format", s.Words.Say("tokens.s_format_oath-csv"), "good", "2", "bad", "1"),
		s.Shows("FT-2301178"), s.Says("failure.seed-file-row.s_title"), s.showsCode(token), s.Looks("tokens-preview"),
		s.Push("tokens.l_import_others", "n", "2"), s.Title("tokens.l_imported", "n", "2"), s.Looks("tokens-imported"),
		s.Push("tokens.s_to_stock"), s.Shows("FT-2301177"), s.Looks("tokens"))
	must(t, s.Push("tokens.s_assign"), s.Enter("tokens.s_serial", "FT-2301177"), s.Enter("tokens.s_whom", "bob"),
		s.TwoCodes(&token), s.Looks("token-assign"), s.TwoCodes(&token))
	must(t, s.Push("tokens.s_assign_now"), s.Says("tokens.l_count", "n", "1"))
	must(t, s.SignOut, s.UserPassword("bob", userPassword), s.SignInWithNext(&token), s.IsHome, s.Shows("bob-token"))

	s.close(t)
	if bob := s.user(t, "bob"); bob.Tokens != 1 {
		t.Errorf("bob has %d tokens, not 1", bob.Tokens)
	}
	var stock struct {
		Tokens []struct{ Serial string }
	}
	if err := s.ctl(t).Run(&stock, "token", "list"); err != nil {
		t.Fatal(err)
	}
	if len(stock.Tokens) != 1 || stock.Tokens[0].Serial != "FT-2301179" {
		t.Errorf("in stock are %v, not FT-2301179 alone", stock.Tokens)
	}
	trail, err := s.ctl(t).Trail()
	if err != nil {
		t.Fatal(err)
	}
	if err := walk.SignedIn(trail); err != nil {
		t.Error(err)
	}
	if !slices.Contains(walk.Kinds(trail), "tokens-imported") {
		t.Errorf("no import in the trail: %v", walk.Kinds(trail))
	}
}

// showsCode waits until the code of now is on the screen, in two groups of three.
func (s *seat) showsCode(a walk.Authenticator) walk.Step {
	return func(ctx context.Context) error {
		now := a.Step(time.Now())
		var codes []string
		for step := now; step < now+3; step++ { // the wait is shorter than three steps
			code := a.Code(step)
			codes = append(codes, code[:3]+" "+code[3:])
		}
		return s.ReadOne(ctx, codes...)
	}
}
