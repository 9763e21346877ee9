package vectors

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// hexBytes are bytes that stand in a file as hex.
type hexBytes []byte

// UnmarshalJSON reads hex of either case.
func (h *hexBytes) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	d, err := hex.DecodeString(s)
	if err == nil && d == nil {
		d = []byte{} // present and empty
	}
	*h = d
	return err
}

// MarshalJSON writes lower-case hex.
func (h hexBytes) MarshalJSON() ([]byte, error) { return json.Marshal(hex.EncodeToString(h)) }

// anyCase is text that is compared without regard to case: hex in URLs and headers.
type anyCase string

// outputs are what the product computed, by the file's names.
type outputs map[string]any

// differ names the first expected output that is missing or other, "" when all
// are there and equal. Outputs that the file does not list are not looked at.
func (got outputs) differ(want map[string]json.RawMessage) string {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		mine, ok := got[name]
		if !ok {
			return name + " is missing"
		}
		if c, ok := mine.(anyCase); ok {
			var theirs string
			if json.Unmarshal(want[name], &theirs) != nil || !strings.EqualFold(theirs, string(c)) {
				return fmt.Sprintf("%s is %q, expected %s", name, c, want[name])
			}
			continue
		}
		encoded, err := json.Marshal(mine)
		if err != nil {
			return name + ": " + err.Error()
		}
		if !reflect.DeepEqual(decoded(encoded), decoded(want[name])) {
			return fmt.Sprintf("%s is %s, expected %s", name, encoded, want[name])
		}
	}
	return ""
}

// decoded makes two spellings of one JSON value equal; numbers stay exact.
func decoded(raw []byte) (v any) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return nil
	}
	return v
}
