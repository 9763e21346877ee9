package examine_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/examine"
	"github.com/keyferry/keyferry/backend/mfa"
)

// What is said of published ceremonies must be what the product decides, and every
// refusal must stand at a check.
func TestPublishedCeremonies(t *testing.T) {
	for _, name := range []string{"webauthn.json", "webauthn_real.json", "webauthn_negative.json"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "..", "shared", "vectors", name))
		if err != nil {
			t.Skip("shared/vectors not present")
		}
		var file struct{ Items []json.RawMessage }
		if err := json.Unmarshal(text, &file); err != nil {
			t.Fatal(err)
		}
		for _, raw := range file.Items {
			var item struct {
				ID, Expect       string
				UV               string
				AppID            string
				AllowCrossOrigin bool     `json:"allow_cross_origin"`
				AllowCredentials []string `json:"allow_credentials"`
				UserHandle       string   `json:"user_handle"`
				VerifyAt         string   `json:"verify_at"`
			}
			if err := json.Unmarshal(raw, &item); err != nil {
				t.Fatal(err)
			}
			t.Run(item.ID, func(t *testing.T) {
				in, err := examine.Read(raw)
				if err != nil {
					if item.Expect == "accept" {
						t.Fatal(err)
					}
					return
				}
				c := examine.Case{Response: in.Response, Kind: in.Kind, At: time.Now()}
				c.Expect.Challenge, c.Expect.Origin, c.Expect.RPID, c.Expect.UserVerification = in.Challenge, in.Origin, in.RPID, item.UV
				c.Expect.AllowCrossOrigin, c.Expect.AppID = item.AllowCrossOrigin, item.AppID
				if item.VerifyAt != "" {
					if c.At, err = time.Parse(time.RFC3339, item.VerifyAt); err != nil {
						t.Fatal(err)
					}
				}
				c.Expect.At = c.At
				for _, id := range item.AllowCredentials {
					b, err := examine.Bytes("id", id)
					if err != nil {
						t.Fatal(err)
					}
					c.Expect.AllowCredentials = append(c.Expect.AllowCredentials, b)
				}
				if in.Kind == examine.Assertion {
					stored, _, err := examine.ReadStored(in.Stored)
					if err != nil {
						if item.Expect == "accept" {
							t.Fatal(err)
						}
						return
					}
					c.Stored = &stored
				}
				r, err := examine.Examine(t.Context(), c)
				if err != nil {
					t.Fatal(err)
				}
				accepted := !slices.ContainsFunc(r.Steps, func(s examine.Step) bool {
					return s.State == examine.Fails && s.Check != examine.CheckHello // which is this product's own
				})
				if want := item.Expect == "accept"; item.Expect != "either" && accepted != want {
					t.Errorf("accepted: %v, want %v: %+v", accepted, want, r.Steps)
				}
				for _, s := range r.Steps {
					if s.State == examine.Fails && (s.Failure == nil || s.Failure.Code == mfa.CodeInternal) {
						t.Errorf("%s fails without a code", s.Check)
					}
					if s.State == examine.NotJudged && r.Accepted() && s.Check != examine.CheckModel && s.Check != examine.CheckUserHandle {
						t.Errorf("%s was not judged", s.Check)
					}
				}
			})
		}
	}
}
