package policies

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/keyferry/keyferry/backend/policy"
	"github.com/keyferry/keyferry/backend/policy/lint"
)

func TestTemplatesCanBeStored(t *testing.T) {
	all := Templates()
	if entries, err := files.ReadDir("templates"); err != nil || len(entries) != len(all) {
		t.Errorf("%d files, %d templates, %v", len(entries), len(all), err)
	}
	for _, template := range all {
		_, err := policy.Parse([]byte(template.Document))
		if err == nil {
			err = policy.CheckSize(policy.MaxManaged, []byte(template.Document))
		}
		if err != nil {
			t.Errorf("%s: %v", template.Name, err)
		}
	}
}

// They are the documents of the vectors, to the letter of every key.
func TestTemplatesAreThePublishedOnes(t *testing.T) {
	text, err := os.ReadFile("../../../shared/vectors/iam_policy.json")
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("the vectors are not here")
	}
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Name     string
		Policies []any
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	published := map[string]any{}
	for _, c := range cases {
		if len(c.Policies) == 1 {
			published[c.Name] = c.Policies[0]
		}
	}
	for name, of := range map[string]string{
		"fips-140-2-l2": "uc1-create-step-no-cert-keys", "fips-140-2-l2-and-fido-l1": "uc2-both-certs",
		"fips-140-2-l2-or-fips-140-3-l2": "uc3-fips3-only", "fips-140-2-l2-and-codes": "uc4-as-printed-totp",
		"self-management": "own-mfa-enable-first-device-no-mfa",
	} {
		all := Templates()
		i := slices.IndexFunc(all, func(t Template) bool { return t.Name == name })
		if i < 0 {
			t.Errorf("no template %s", name)
			continue
		}
		var got any
		if err := json.Unmarshal([]byte(all[i].Document), &got); err != nil || published[of] == nil || !reflect.DeepEqual(got, published[of]) {
			t.Errorf("%s differs from %s: %v", name, of, err)
		}
	}
}

// The key that IAM does not have is kept, and the editor says so.
func TestMisspeltKeyIsFlagged(t *testing.T) {
	for _, template := range Templates() {
		unknown := slices.ContainsFunc(Check(template.Document), func(f lint.Finding) bool {
			return f.Code == lint.CodeUnknownKey && f.Params["key"] == "iam:FIPS-140-2-certification"
		})
		if unknown != (template.Name == "fips-140-2-l2-and-codes") {
			t.Errorf("%s: flagged %v", template.Name, unknown)
		}
	}
}
