package sqlite

import (
	"encoding/json"
	"maps"
	"testing"
)

// The short way must not know more than JSON does, nor anything else.
func FuzzReadDetail(f *testing.F) {
	for _, text := range []string{`null`, `{}`, `{"name":"Phone"}`, `{"a":"1","b":"2"}`, `{"a":"1","a":"2"}`, `{"":""}`, `{"a":"b\"c"}`,
		`{"a":"\u003c"}`, `{"a":"ä"}`, "{\"a\":\"\xff\"}", "{\"a\":\"\n\"}", `{"a":1}`, `{"a":"1",}`, `{"a":"1"}x`, `{"a":"1"`, `{"a" : "1"}`,
		`{"a":"1","b"}`, `{"a":"1"":"2"}`, `{"a","b":"c"}`, `{"`, `{"a":"`, `{"a":"b",`, `{"a":"b","`, `{"a":":"}`, `{"a\":\"b":"c"}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := readPlain(text)
		if !ok {
			return
		}
		var want map[string]string
		if err := json.Unmarshal([]byte(text), &want); err != nil || !maps.Equal(got, want) {
			t.Errorf("%q: got %q, JSON gives %q, %v", text, got, want, err)
		}
	})
}

func TestReadPlainTakesWhatIsUsual(t *testing.T) {
	for _, detail := range []map[string]string{{"name": "Phone of somebody"}, {"from": "a", "to": "b", "what": ""}, {"code": "a:b,c{}[]"}} {
		text, err := json.Marshal(detail)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := readPlain(string(text)); !ok || !maps.Equal(got, detail) {
			t.Errorf("%s: %v, %v", text, got, ok)
		}
	}
}
