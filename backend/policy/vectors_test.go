package policy_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/keyferry/keyferry/backend/policy"
)

// shared reads a file of vectors that is not part of the project.
func shared(t testing.TB, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "vectors", name))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is not here: the vectors are not part of the project", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}

func TestVectors(t *testing.T) {
	var cases []struct {
		Name     string
		Policies []json.RawMessage
		Request  struct {
			Principal, Action, Resource string
			Context                     map[string]any
		}
		Expect string
	}
	shared(t, "iam_policy.json", &cases)
	if len(cases) < 28 {
		t.Fatalf("%d cases", len(cases))
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			var ps []policy.Policy
			for _, raw := range c.Policies {
				ps = append(ps, policy.Policy{Document: parse(t, string(raw))})
			}
			r := policy.Request{Action: c.Request.Action, Resource: c.Request.Resource, Keys: policy.Keys{"aws:PrincipalArn": policy.One(c.Request.Principal)}}
			for k, v := range c.Request.Context {
				switch v := v.(type) {
				case string:
					r.Keys[k] = policy.One(v)
				case []any:
					many := policy.Many()
					for _, s := range v {
						many.Multi = append(many.Multi, s.(string))
					}
					r.Keys[k] = many
				default:
					t.Fatalf("key %s is a %T", k, v)
				}
			}
			s := policy.NewSet(ps...)
			if got := s.Evaluate(r).Effect.String(); got != c.Expect {
				t.Errorf("Evaluate: %s, want %s", got, c.Expect)
			}
			if got := s.Decide(r).String(); got != c.Expect {
				t.Errorf("Decide: %s, want %s", got, c.Expect)
			}
		})
	}
}

func parse(t testing.TB, document string) *policy.Document {
	t.Helper()
	d, err := policy.Parse([]byte(document))
	if err != nil {
		t.Fatalf("%v: %v", err, errors.Unwrap(err))
	}
	return d
}
