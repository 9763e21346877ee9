package vectors_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/vectors"
)

// What an item expects is compared: with one digit changed, the item differs.
func TestPINItemsCanFail(t *testing.T) {
	var file map[string]json.RawMessage
	if err := json.Unmarshal(sharedFile(t, "ctap2.json"), &file); err != nil {
		t.Fatal(err)
	}
	var items []map[string]any
	if err := json.Unmarshal(file["items"], &items); err != nil {
		t.Fatal(err)
	}
	for id, members := range map[string][]string{
		"pin1-ecdh":      {"shared_secret", "platform_public_x", "platform_public_y"},
		"pin1-changepin": {"ciphertext", "pin_hash_enc", "auth_param"},
		"w3c-prf-1":      {"shared_secret", "salt1", "salt_enc", "output1", "prf_results_first", "output_enc"},
	} {
		for _, item := range items {
			if item["id"] != id {
				continue
			}
			for _, name := range members {
				right := item[name].(string)
				last := "0"
				if strings.HasSuffix(right, last) {
					last = "1"
				}
				item[name] = right[:len(right)-1] + last
				text, err := json.Marshal(map[string]any{"schema": "ctap2/1", "items": []any{item}})
				if err != nil {
					t.Fatal(err)
				}
				var s vectors.Summary
				if err := vectors.Run(t.Context(), "ctap2.json", text, func(r vectors.Result) { s.Add(r) }); err != nil {
					t.Fatal(err)
				}
				if s.Mismatched != 1 {
					t.Errorf("%s with another %s: %+v", id, name, s)
				}
				item[name] = right
			}
		}
	}
}
