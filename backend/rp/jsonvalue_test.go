package rp

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestReadJSON(t *testing.T) {
	for text, want := range map[string]error{
		`{}`: nil, ` [ ] `: nil, `"x"`: nil, `null`: nil, `true`: nil, `-0.5e+10`: nil, `0`: nil,
		`{"a":{"a":1},"b":[1,{"a":2}]}`:        nil,
		`"\u00e9\ud83d\ude00\"\\\/\b\f\n\r\t"`: nil,
		``:                                     errJSONSyntax, ` `: errJSONSyntax, `{`: errJSONSyntax, `[`: errJSONSyntax, `"`: errJSONSyntax, `"\`: errJSONSyntax,
		`"\u12`: errJSONSyntax, `"\x41"`: errJSONSyntax, `"\u00g0"`: errJSONSyntax, "\"\n\"": errJSONSyntax, "\"\\\n\"": errJSONSyntax,
		`"\ud800"`: errJSONSyntax, `"\udc00\ud800"`: errJSONSyntax, `"\ud800x"`: errJSONSyntax, `"\ud800\u0041"`: errJSONSyntax,
		`01`: errJSONTrailing, `1.`: errJSONSyntax, `.5`: errJSONSyntax, `+1`: errJSONSyntax, `1e`: errJSONSyntax, `-`: errJSONSyntax,
		`NaN`: errJSONSyntax, `nul`: errJSONSyntax, `True`: errJSONSyntax, `tru`: errJSONSyntax,
		`[1,]`: errJSONSyntax, `[,1]`: errJSONSyntax, `[1 2]`: errJSONSyntax, `{"a":1,}`: errJSONSyntax, `{a:1}`: errJSONSyntax,
		`{"a" 1}`: errJSONSyntax, `{"a":}`: errJSONSyntax, `{1:1}`: errJSONSyntax, `{"a":1 "b":2}`: errJSONSyntax, `{'a':1}`: errJSONSyntax,
		`{}{}`: errJSONTrailing, `1 1`: errJSONTrailing, "1\x00": errJSONTrailing, "\v1": errJSONSyntax,
		`{"a":1,"a":1}`: errJSONDoubled, `{"a":1,"\u0061":1}`: errJSONDoubled, `[{"":1,"":2}]`: errJSONDoubled,
		"\"\xff\"": errJSONUTF8, "\"\xed\xa0\x80\"": errJSONUTF8, "\ufeff{}": errJSONSyntax,
		strings.Repeat("[", 17) + strings.Repeat("]", 17):  nil,
		strings.Repeat("[", 18) + strings.Repeat("]", 18):  errJSONDepth,
		strings.Repeat("[", 1e5):                           errJSONDepth,
		"[" + strings.Repeat("0,", maxJSONValues-2) + "0]": nil,
		"[" + strings.Repeat("0,", maxJSONValues-1) + "0]": errJSONValues,
		`{"a":` + strings.Repeat(`{"a":`, 1e5):             errJSONDepth,
	} {
		if _, err := readJSON([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%.60q: %v, expected %v", text, err, want)
		}
	}
}

func TestJSONTextIsDecoded(t *testing.T) {
	v, err := readJSON([]byte(`{"\u006frigin":"\u0068ttps:\/\/a\ud83d\ude00"}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(v.get("origin").text); got != "https://a😀" {
		t.Errorf("%q", got)
	}
	if v.get("Origin").kind != jsonAbsent || !v.lookalike("Origin") || v.lookalike("origin") {
		t.Error("names are not told apart by case")
	}
}

// Whatever is read here, encoding/json reads the same; and it reads nothing that
// encoding/json refuses.
func FuzzReadJSON(f *testing.F) {
	for _, seed := range []string{`{"type":"webauthn.get","challenge":"AA","origin":"https://x","crossOrigin":false}`,
		`{"a":[1,-2.5e3,true,false,null,"\u00e9\ud83d\ude00\n"],"b":{"c":{}}}`, `{"a":1,"a":2}`, `"\ud800"`, `[[[[]]]]`, `01`, "\xff"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := readJSON(data)
		if err != nil {
			return
		}
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.UseNumber()
		var want any
		if err := decoder.Decode(&want); err != nil {
			t.Fatalf("%q was read, but %v", data, err)
		}
		compareJSON(t, v, want)
	})
}

func compareJSON(t *testing.T, v jsonValue, want any) {
	same := false
	switch w := want.(type) {
	case nil:
		same = v.kind == jsonNull
	case bool:
		same = w && v.kind == jsonTrue || !w && v.kind == jsonFalse
	case json.Number:
		same = v.kind == jsonNumber && string(v.text) == w.String()
	case string:
		same = v.kind == jsonText && string(v.text) == w
	case []any:
		if same = v.kind == jsonArray && len(v.items) == len(w); same {
			for i := range w {
				compareJSON(t, v.items[i], w[i])
			}
		}
	case map[string]any:
		if same = v.kind == jsonObject && len(v.members) == len(w); same {
			for name := range w {
				compareJSON(t, v.get(name), w[name])
			}
		}
	}
	if !same {
		t.Fatalf("kind %d %q, expected %#v", v.kind, v.text, want)
	}
}
