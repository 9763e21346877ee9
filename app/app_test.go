package app

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFlags(t *testing.T) {
	for _, row := range []struct {
		name     string
		args     []string
		code     int
		out, err string
	}{
		{"version", []string{"--version"}, 0, "keyferry ", ""},
		{"help", []string{"--help"}, 0, "", "-home"},
		{"unknown", []string{"--tunnel", "x"}, 2, "", "tunnel"},
		{"argument", []string{"file"}, 2, "", "file"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var out, err bytes.Buffer
			if code := Main(row.args, &out, &err); code != row.code {
				t.Errorf("exit code %d, want %d", code, row.code)
			}
			if !strings.Contains(out.String(), row.out) || !strings.Contains(err.String(), row.err) {
				t.Errorf("stdout %q, stderr %q", out.String(), err.String())
			}
		})
	}
}

func TestPlaceComesBack(t *testing.T) {
	home := t.TempDir()
	want := place{Width: 900, Height: 700, X: 10, Y: 20, Placed: true, Dark: true}
	if err := savePlace(home, want); err != nil {
		t.Fatal(err)
	}
	if got := readPlace(home); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if left, _ := filepath.Glob(filepath.Join(home, ".window-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestPlaceIsBounded(t *testing.T) {
	for _, row := range []struct{ name, text string }{
		{"no file", ""},
		{"damaged", `{"width":`},
		{"too small", `{"width":10,"height":10}`},
		{"too large", `{"width":99999,"height":740}`},
		{"negative", `{"width":-900,"height":-700}`},
		{"overflow", `{"width":1e300,"height":700}`},
		{"endless", `{"width":900,"pad":"` + strings.Repeat("x", maxPlaceFile) + `"}`},
		{"far away", `{"width":1120,"height":740,"x":100000,"y":0,"placed":true}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			home := t.TempDir()
			if row.text != "" {
				if err := os.WriteFile(placeFile(home), []byte(row.text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if got := readPlace(home); got != defaultPlace() {
				t.Errorf("got %+v, want the default", got)
			}
		})
	}
}

func TestVisibleOn(t *testing.T) {
	screens := []screen{{1920, 1080}, {1280, 1024}}
	for _, row := range []struct {
		name string
		p    place
		want bool
	}{
		{"first screen", place{X: 10, Y: 10, Width: 900}, true},
		{"second screen", place{X: 2000, Y: 10, Width: 900}, true},
		{"a screen that is gone", place{X: 4000, Y: 10, Width: 900}, false},
		{"above", place{X: 10, Y: -50, Width: 900}, false},
		{"below", place{X: 10, Y: 1070, Width: 900}, false},
		{"left", place{X: -890, Y: 10, Width: 900}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := row.p.visibleOn(screens); got != row.want {
				t.Errorf("got %v, want %v", got, row.want)
			}
		})
	}
}

func TestEveryAnswerCarriesThePolicy(t *testing.T) {
	w := httptest.NewRecorder()
	withPolicy(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest("GET", "/any", nil))
	policy := w.Header().Get("Content-Security-Policy")
	for _, need := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "form-action 'none'", "base-uri 'none'"} {
		if !strings.Contains(policy, need) {
			t.Errorf("the policy %q lacks %s", policy, need)
		}
	}
	for _, never := range []string{"unsafe", "http:", "https:", "*", "data: 'self' script"} {
		if strings.Contains(policy, never) {
			t.Errorf("the policy %q allows %s", policy, never)
		}
	}
	if w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Error("nosniff is missing")
	}
}

func TestDataFoldersHaveInstancesOfTheirOwn(t *testing.T) {
	a, b := instanceID("/home/a"), instanceID("/home/b")
	if a == b || a != instanceID("/home/a") {
		t.Errorf("instances %q and %q", a, b)
	}
	if strings.ContainsAny(a, "/.-") {
		t.Errorf("%q is not a part of a D-Bus name", a)
	}
}

// The colours before the first paint are those of the page, so that nothing flashes.
func TestBackgroundIsThePages(t *testing.T) {
	tokens, err := os.ReadFile(filepath.Join("..", "frontend", "src", "styles", "tokens.css"))
	if err != nil {
		t.Fatal(err)
	}
	for dark, want := range map[bool]string{false: "#f5f7fa", true: "#0d131c"} {
		c := background(dark)
		got := fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B)
		if got != want || !strings.Contains(string(tokens), want) {
			t.Errorf("dark %v: the window is %s, want %s from tokens.css", dark, got, want)
		}
	}
}
