package canary

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// hunt knows what is secret, and looks for it wherever somebody could read it.
type hunt struct {
	mu     sync.Mutex
	traces map[string][]byte // by what it is and how it is written
	typed  []string          // codes that people typed: public once used, and still nobody's business
}

func newHunt() *hunt { return &hunt{traces: map[string][]byte{}} }

// plant remembers a secret in every way in which a program writes bytes down by
// mistake: as it is, in hex, base32, base64, as JSON, as a list of numbers, as Go prints
// bytes, in UTF-16.
func (h *hunt) plant(name string, secret []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(secret) < 6 {
		panic("too short to be told from chance: " + name)
	}
	add := func(how string, text []byte) { h.traces[name+" "+how] = bytes.Clone(text) }
	add("as it is", secret)
	add("in hex", []byte(hex.EncodeToString(secret)))
	add("in base32", []byte(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)))
	// Base64 of a text in which the secret stands somewhere else begins at one of three
	// places within a group; the characters that neighbours touch are cut off.
	for shift := range 3 {
		for how, e := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "base64url": base64.RawURLEncoding} {
			text := e.EncodeToString(append(make([]byte, shift), secret...))
			cut := (8*shift + 5) / 6
			whole := (8*(shift+len(secret)))/6 - cut
			if whole >= 8 {
				add(fmt.Sprintf("in %s, %d bytes on", how, shift), []byte(text[cut:cut+whole]))
			}
		}
	}
	quoted, _ := json.Marshal(string(secret)) // of a string it cannot fail
	add("in JSON", quoted[1:len(quoted)-1])
	add("quoted by Go", []byte(strings.Trim(fmt.Sprintf("%+q", secret), `"`)))
	add("as Go prints bytes", []byte(strings.Trim(fmt.Sprint(secret), "[]")))
	add("as a list of numbers", []byte(strings.ReplaceAll(strings.Trim(fmt.Sprint(secret), "[]"), " ", ",")))
	wide := make([]byte, 0, 2*len(secret))
	for _, b := range secret {
		wide = append(wide, b, 0)
	}
	add("in UTF-16", wide)
}

// says plants what is text, also without its dashes.
func (h *hunt) says(name, text string) {
	h.plant(name, []byte(text))
	if short := strings.ReplaceAll(text, "-", ""); short != text {
		h.plant(name+" in one", []byte(short))
	}
}

// code remembers what somebody typed.
func (h *hunt) code(codes ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.typed = append(h.typed, codes...)
}

// found names the secrets in a text.
func (h *hunt) found(text []byte) (names []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	low := bytes.ToLower(text)
	for name, trace := range h.traces {
		if bytes.Contains(text, trace) || (strings.HasSuffix(name, " in hex") || strings.HasSuffix(name, " in base32")) && bytes.Contains(low, bytes.ToLower(trace)) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// foundCode names the codes in a text: six digits that stand by themselves. Within
// more digits or among letters they are part of an identifier or of an address in
// memory, where they come by chance.
func (h *hunt) foundCode(text []byte) (codes []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	part := func(i int) bool { return i >= 0 && i < len(text) && (isAlphanumeric(text[i]) || text[i] == '.') }
	for _, code := range h.typed {
		for from := 0; ; {
			i := bytes.Index(text[from:], []byte(code))
			if i < 0 {
				break
			}
			i += from
			if !part(i-1) && !part(i+len(code)) {
				codes = append(codes, code)
				break
			}
			from = i + 1
		}
	}
	return codes
}

func isAlphanumeric(b byte) bool { return b >= '0' && b <= '9' || b|0x20 >= 'a' && b|0x20 <= 'z' }

func (h *hunt) search(t testing.TB, where string, text []byte) {
	t.Helper()
	for _, name := range h.found(text) {
		t.Errorf("%s is in %s", name, where)
	}
}

func (h *hunt) searchCodes(t testing.TB, where string, text []byte) {
	t.Helper()
	for _, code := range h.foundCode(text) {
		t.Errorf("the code %s, which somebody typed, is in %s: %.300s", code, where, text)
	}
}

// searchFolder looks into all files below a folder but one, and says which there were.
func (h *hunt) searchFolder(t testing.TB, dir, but string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == but {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		names = append(names, name)
		h.search(t, name, text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// A search that finds nothing proves nothing before it has found something.
func TestTheHuntFindsWhatIsThere(t *testing.T) {
	key := sha256.Sum256([]byte("some key"))
	for name, secret := range map[string][]byte{"bytes": key[:20], "text": []byte(`it's "quoted" & <ümläut>\`)} {
		h := newHunt()
		h.plant("it", secret)
		quoted, err := json.Marshal(string(secret))
		if err != nil {
			t.Fatal(err)
		}
		for how, text := range map[string][]byte{
			"plain": append([]byte("SQLite format 3\x00 and then "), secret...),
			"hex":   []byte("seed=" + hex.EncodeToString(secret)), "HEX": []byte(strings.ToUpper(hex.EncodeToString(secret))),
			"base32": []byte(base32.StdEncoding.EncodeToString(secret)), "small base32": []byte(strings.ToLower(base32.StdEncoding.EncodeToString(secret))),
			"base64": []byte(base64.StdEncoding.EncodeToString(secret)), "url": []byte(base64.RawURLEncoding.EncodeToString(secret)),
			"base64 of more":      []byte(base64.StdEncoding.EncodeToString(append([]byte("x="), append(secret, "&y"...)...))),
			"base64 of more yet":  []byte(base64.StdEncoding.EncodeToString(append([]byte("xy="), append(secret, '&')...))),
			"base64 a byte along": []byte(base64.URLEncoding.EncodeToString(append([]byte("="), append(secret, '&')...))),
			"JSON":                append([]byte(`{"cause":`), quoted...), "printed": fmt.Append(nil, secret), "%v": fmt.Appendf(nil, "%v", struct{ s []byte }{secret}),
			"%q": fmt.Appendf(nil, "%q %+q", secret, secret),
		} {
			if len(h.found(text)) == 0 {
				t.Errorf("%s: what is written as %s is not found", name, how)
			}
		}
		if f := h.found([]byte("nothing of it here, but many other words and 0123456789abcdef")); len(f) > 0 {
			t.Errorf("%s: found what is not there: %v", name, f)
		}
	}
	h := newHunt()
	h.code("123456")
	if len(h.foundCode([]byte(`{"code":"123456"}`))) != 1 || len(h.foundCode([]byte("at=91234567 .123456 0xc123456 MQ123456Z"))) != 0 || len(h.foundCode([]byte("0123456 but then 123456"))) != 1 {
		t.Error("codes are not told from other numbers")
	}
	dir := t.TempDir()
	h.plant("a password", []byte("hunter2-hunter2"))
	if err := os.WriteFile(filepath.Join(dir, "keyferry.db-wal"), []byte("..hunter2-hunter2.."), 0o600); err != nil {
		t.Fatal(err)
	}
	var heard ear
	if names := h.searchFolder(&heard, dir, ""); len(names) != 1 || heard.errors == 0 {
		t.Errorf("a planted file: %v, %d", names, heard.errors)
	}
}

// ear hears errors and fails nothing.
type ear struct {
	testing.TB
	errors int
}

func (e *ear) Helper()               {}
func (e *ear) Errorf(string, ...any) { e.errors++ }
func (e *ear) Fatal(...any)          { e.errors++ }
