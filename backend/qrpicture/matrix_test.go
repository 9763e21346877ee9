package qrpicture

import (
	"bytes"
	"flag"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/keyferry/keyferry/backend/mfa"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is another (run with -update if it should be):\n%s", name, got)
	}
}

// A code's digits, made up; what matters is their number.
var fixedCode = "FIDO:/" + strings.Repeat("0123456789", 16) + "01234567"

func TestMatrix(t *testing.T) {
	m := mustDraw(t, fixedCode)
	golden(t, "hybrid.txt", strings.Join(m.Rows(), "\n")+"\n")
	golden(t, "terminal.txt", m.Terminal(false))
	golden(t, "terminal-light.txt", m.Terminal(true))
	if len(m.Rows()) != 37 || m.Size != 37 {
		t.Errorf("%d modules", m.Size)
	}
	for _, outside := range [][2]int{{-1, 0}, {0, -1}, {37, 0}, {0, 37}} {
		if m.Dark(outside[0], outside[1]) {
			t.Errorf("module %v is dark", outside)
		}
	}
	if !m.Dark(0, 0) || m.Dark(7, 0) || !m.Dark(36, 0) || !m.Dark(0, 36) {
		t.Error("a finder pattern is not in its place")
	}
}

func TestPNG(t *testing.T) {
	m := mustDraw(t, fixedCode)
	for name, row := range map[string]struct{ scale, border, side int }{
		"as usual":       {4, 4, 45 * 4},
		"bare":           {1, 0, 37},
		"no size at all": {0, -1, 37},
	} {
		t.Run(name, func(t *testing.T) {
			img, err := png.Decode(bytes.NewReader(m.PNG(row.scale, row.border)))
			if err != nil {
				t.Fatal(err)
			}
			if b := img.Bounds(); b.Dx() != row.side || b.Dy() != row.side {
				t.Fatalf("%v, want %d", b, row.side)
			}
			scale, border := max(row.scale, 1), max(row.border, 0)
			for y := range row.side {
				for x := range row.side {
					r, _, _, _ := img.At(x, y).RGBA()
					if dark := m.Dark(x/scale-border, y/scale-border); dark != (r == 0) {
						t.Fatalf("pixel %d,%d has red %d", x, y, r)
					}
				}
			}
		})
	}
}

// The terminal's picture is one that a camera reads: each half block is as high
// as it is wide.
func TestTerminalIsReadable(t *testing.T) {
	m := mustDraw(t, fixedCode)
	for name, invert := range map[string]bool{"dark terminal": false, "light terminal": true} {
		t.Run(name, func(t *testing.T) {
			lines := strings.Split(strings.TrimSuffix(m.Terminal(invert), "\n"), "\n")
			if len(lines) != (m.Size+2*QuietZone+1)/2 {
				t.Errorf("%d lines", len(lines))
			}
			for y := range m.Size + 2*QuietZone {
				line := []rune(lines[y/2])
				if len(line) != m.Size+2*QuietZone {
					t.Fatalf("line %d has %d characters", y/2, utf8.RuneCountInString(lines[y/2]))
				}
				for x, glyph := range line {
					painted := glyph == '█' || glyph == '▀' && y%2 == 0 || glyph == '▄' && y%2 == 1
					if painted != (m.Dark(x-QuietZone, y-QuietZone) == invert) {
						t.Fatalf("module %d,%d is a %c", x, y, glyph)
					}
				}
			}
		})
	}
}

func TestTextsThatCannotBeDrawn(t *testing.T) {
	for name, text := range map[string]string{"empty": "", "too long": strings.Repeat("a", 2332)} {
		_, err := Draw(text)
		if !mfa.IsCode(err, mfa.CodeInvalidInput) || mfa.AsFailure(err).Params["field"] != "text" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Draw(strings.Repeat("a", 2331)); err != nil {
		t.Errorf("the longest text: %v", err)
	}
}
