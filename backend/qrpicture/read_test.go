package qrpicture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

// hybridCode is a text like those that a phone scans: 168 digits.
func hybridCode(r *rand.Rand) string {
	var text strings.Builder
	text.WriteString("FIDO:/")
	for range 168 {
		text.WriteByte('0' + byte(r.IntN(10)))
	}
	return text.String()
}

func mustDraw(t testing.TB, text string) Matrix {
	t.Helper()
	m, err := Draw(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// canvas is a screen with other things on it, and a code at a place that no
// grid knows.
func canvas(r *rand.Rand, code image.Image) *image.RGBA {
	side := code.Bounds().Dx()
	width, height := side+200+r.IntN(900), side+150+r.IntN(600)
	screen := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(screen, screen.Bounds(), image.NewUniform(color.RGBA{235, 238, 242, 255}), image.Point{}, draw.Src)
	box := func(x, y, w, h int, c color.Color) {
		draw.Draw(screen, image.Rect(x, y, x+w, y+h), image.NewUniform(c), image.Point{}, draw.Src)
	}
	box(0, 0, width, 32, color.RGBA{40, 44, 52, 255})    // a title bar
	box(0, 32, 60, height, color.RGBA{60, 90, 160, 255}) // a side bar
	for range 40 {                                       // lines of text
		y := 40 + r.IntN(height-50)
		for x := 70; x < width-20; x += 3 + r.IntN(9) {
			box(x, y, 1+r.IntN(4), 2+r.IntN(8), color.Gray{uint8(20 + r.IntN(80))})
		}
	}
	for range 4 { // icons, some of them squares in squares
		x, y, s := r.IntN(width), r.IntN(height), 8+r.IntN(20)
		box(x, y, s, s, color.Black)
		box(x+s/4, y+s/4, s/2, s/2, color.White)
	}
	at := image.Pt(70+r.IntN(width-side-70), 40+r.IntN(height-side-40))
	draw.Draw(screen, code.Bounds().Add(at), code, image.Point{}, draw.Src)
	return screen
}

// noise shifts each component of each pixel by up to amount.
func noise(r *rand.Rand, img *image.RGBA, amount int) {
	for i := range img.Pix {
		if i%4 != 3 {
			img.Pix[i] = uint8(min(max(int(img.Pix[i])+r.IntN(2*amount+1)-amount, 0), 255))
		}
	}
}

func TestDrawnIsRead(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 300 {
		text := hybridCode(r)
		m := mustDraw(t, text)
		if m.Size != 37 {
			t.Fatalf("%d modules, want 37 (version 5)", m.Size)
		}
		scale := 3 + i%4
		got, err := Read(bytes.NewReader(m.PNG(scale, QuietZone)))
		if err != nil || got != text {
			t.Errorf("code %d at %d pixels: %q, %v", i, scale, got, err)
		}
	}
}

func TestScreenshotIsRead(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 24 {
		text := hybridCode(r)
		scale := 4 + i%6
		screen := canvas(r, mustDraw(t, text).Image(scale, QuietZone))
		if i%2 == 1 {
			noise(r, screen, 30)
		}
		got, err := ReadImage(screen)
		if err != nil || got != text {
			t.Errorf("screen %d (%v) at %d pixels: %q, %v", i, screen.Bounds().Max, scale, got, err)
		}
	}
}

func TestPicturesOfOtherKinds(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	text := hybridCode(r)
	m := mustDraw(t, text)
	code := m.Image(5, QuietZone)
	repaint := func(into draw.Image) image.Image {
		draw.Draw(into, into.Bounds(), code, image.Point{}, draw.Src)
		return into
	}
	bounds := code.Bounds()
	for name, img := range map[string]image.Image{
		"one pixel for a module":  m.Image(1, QuietZone),
		"two pixels for a module": m.Image(2, QuietZone),
		"huge modules":            m.Image(60, QuietZone),
		"thin border":             m.Image(6, 1),
		"8-bit grey":              repaint(image.NewGray(bounds)),
		"16-bit grey":             repaint(image.NewGray16(bounds)),
		"not premultiplied":       repaint(image.NewNRGBA(bounds)),
		"16-bit colour":           repaint(image.NewNRGBA64(bounds)),
		"print colours":           repaint(image.NewCMYK(bounds)),
		"light on dark":           negativeOf(code),
		"blue on yellow":          recolour(code, color.RGBA{20, 20, 140, 255}, color.RGBA{250, 240, 120, 255}),
		"black on see-through":    recolour(code, color.Black, color.Transparent),
		"low contrast":            recolour(code, color.Gray{110}, color.Gray{160}),
		"upside down":             turn(code, func(x, y, n int) (int, int) { return n - x, n - y }),
		"on its side":             turn(code, func(x, y, n int) (int, int) { return y, n - x }),
		"a part of a picture":     canvas(r, code).SubImage(image.Rect(1, 1, 1<<15, 1<<15)),
		"a very large photograph": m.Image(101, 4*QuietZone),
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := ReadImage(img); err != nil || got != text {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	t.Run("jpeg", func(t *testing.T) {
		var file bytes.Buffer
		if err := jpeg.Encode(&file, canvas(r, code), &jpeg.Options{Quality: 60}); err != nil {
			t.Fatal(err)
		}
		if got, err := Read(&file); err != nil || got != text {
			t.Errorf("%q, %v", got, err)
		}
	})
	t.Run("damaged", func(t *testing.T) {
		stained := mustDraw(t, text).Image(5, QuietZone).(*image.Paletted)
		for y := range 35 {
			for x := range 35 {
				stained.SetColorIndex(105+x, 110+y, 1) // 49 of 1369 modules
			}
		}
		if got, err := ReadImage(stained); err != nil || got != text {
			t.Errorf("%q, %v", got, err)
		}
	})
}

func recolour(img image.Image, dark, light color.Color) image.Image {
	src := img.(*image.Paletted)
	out := image.NewNRGBA(src.Bounds())
	for y := range out.Bounds().Dy() {
		for x := range out.Bounds().Dx() {
			c := light
			if src.ColorIndexAt(x, y) == 1 {
				c = dark
			}
			out.Set(x, y, c)
		}
	}
	return out
}

func negativeOf(img image.Image) image.Image { return recolour(img, color.White, color.Black) }

func turn(img image.Image, to func(x, y, last int) (int, int)) image.Image {
	n := img.Bounds().Dx() - 1
	out := image.NewGray(img.Bounds())
	for y := range n + 1 {
		for x := range n + 1 {
			tx, ty := to(x, y, n)
			out.Set(tx, ty, img.At(x, y))
		}
	}
	return out
}

func TestOtherTexts(t *testing.T) {
	for _, text := range []string{
		"x", "12345", "FIDO:/123", "otpauth://totp/Example:alice?secret=JBSWY3DPEHPK3PXP&issuer=Example",
		"https://example.org/ä?ö=ü", strings.Repeat("HELLO WORLD ", 20),
	} {
		got, err := Read(bytes.NewReader(mustDraw(t, text).PNG(4, QuietZone)))
		if err != nil || got != text {
			t.Errorf("%q was read as %q, %v", text, got, err)
		}
	}
}

// pngHeader claims a size and has no pixels: reading it must cost nothing.
func pngHeader(width, height uint32) []byte {
	chunk := binary.BigEndian.AppendUint32([]byte("IHDR"), width)
	chunk = binary.BigEndian.AppendUint32(chunk, height)
	chunk = append(chunk, 8, 6, 0, 0, 0)
	file := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d")
	file = append(file, chunk...)
	return binary.BigEndian.AppendUint32(file, crc32.ChecksumIEEE(chunk))
}

func TestPicturesThatGiveNothing(t *testing.T) {
	blank := func(w, h int) []byte {
		var file bytes.Buffer
		img := image.NewGray(image.Rect(0, 0, w, h))
		if err := png.Encode(&file, img); err != nil {
			t.Fatal(err)
		}
		return file.Bytes()
	}
	good := mustDraw(t, "FIDO:/123").PNG(4, QuietZone)
	var gif = []byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")
	stripes := image.NewGray(image.Rect(0, 0, 500, 400))
	for i := range stripes.Pix {
		stripes.Pix[i] = uint8(i % 7 * 40)
	}
	var striped bytes.Buffer
	if err := png.Encode(&striped, stripes); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		file []byte
		code mfa.Code
		size bool // refused for its size alone, before anything is unpacked
	}{
		"empty":           {nil, mfa.CodePictureUnreadable, false},
		"text":            {[]byte("FIDO:/123"), mfa.CodePictureUnreadable, false},
		"another format":  {gif, mfa.CodePictureUnreadable, false},
		"cut off":         {good[:len(good)/2], mfa.CodePictureUnreadable, false},
		"one flipped bit": {flip(good, len(good)/2), mfa.CodePictureUnreadable, false},
		"too many pixels": {pngHeader(8193, 8192), mfa.CodePictureUnreadable, true},
		"far too many":    {pngHeader(1<<31-1, 1<<31-1), mfa.CodePictureUnreadable, false},
		"very long":       {pngHeader(1<<30, 1), mfa.CodePictureUnreadable, true},
		"no pixels":       {pngHeader(0, 0), mfa.CodePictureUnreadable, false},
		"one pixel":       {blank(1, 1), mfa.CodePictureNoCode, false},
		"one row":         {blank(3000, 1), mfa.CodePictureNoCode, false},
		"black":           {blank(300, 200), mfa.CodePictureNoCode, false},
		"stripes":         {striped.Bytes(), mfa.CodePictureNoCode, false},
	} {
		t.Run(name, func(t *testing.T) {
			text, err := Read(bytes.NewReader(row.file))
			if !mfa.IsCode(err, row.code) {
				t.Fatalf("%q, %v, want %s", text, err, row.code)
			}
			if refused := strings.HasSuffix(mfa.AsFailure(err).Explain(), " pixels"); refused != row.size {
				t.Errorf("refused for its size: %v (%s)", refused, mfa.AsFailure(err).Explain())
			}
		})
	}
	t.Run("no picture at all", func(t *testing.T) {
		if _, err := ReadImage(nil); !mfa.IsCode(err, mfa.CodePictureNoCode) {
			t.Errorf("%v", err)
		}
	})
	t.Run("a file that cannot be read", func(t *testing.T) {
		if _, err := Read(broken{}); !mfa.IsCode(err, mfa.CodePictureUnreadable) {
			t.Errorf("%v", err)
		}
	})
	t.Run("a file above the limit", func(t *testing.T) {
		if _, err := Read(endless{}); !mfa.IsCode(err, mfa.CodePictureUnreadable) {
			t.Errorf("%v", err)
		}
	})
}

func flip(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, os.ErrInvalid }

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestSecondReader holds our codes to a reader that shares no code with ours.
func TestSecondReader(t *testing.T) {
	zbar, err := exec.LookPath("zbarimg")
	if err != nil {
		t.Skip("zbarimg is not installed (Debian: zbar-tools): no second reader")
	}
	r := rand.New(rand.NewPCG(7, 8))
	dir := t.TempDir()
	var files, texts []string
	for i := range 20 {
		text := hybridCode(r)
		file := filepath.Join(dir, fmt.Sprintf("%02d.png", i))
		if err := os.WriteFile(file, mustDraw(t, text).PNG(4+i%6, QuietZone), 0o600); err != nil {
			t.Fatal(err)
		}
		files, texts = append(files, file), append(texts, text)
	}
	out, err := exec.Command(zbar, append([]string{"--quiet", "--raw", "-Sdisable", "-Sqrcode.enable"}, files...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Fields(string(out)); strings.Join(got, " ") != strings.Join(texts, " ") {
		t.Errorf("zbarimg read %d codes: %q", len(got), got)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(mustDraw(f, "FIDO:/123").PNG(3, QuietZone))
	f.Add(mustDraw(f, "A").PNG(1, 0))
	f.Add(pngHeader(100, 100))
	f.Add([]byte("\xff\xd8\xff\xe0"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if size, _, err := image.DecodeConfig(bytes.NewReader(file)); err == nil && size.Width*size.Height > 1<<20 {
			return // allowed, and too slow for many tries
		}
		text, err := Read(bytes.NewReader(file))
		if err != nil && !mfa.IsCode(err, mfa.CodePictureUnreadable) && !mfa.IsCode(err, mfa.CodePictureNoCode) {
			t.Errorf("%v", err)
		}
		if err != nil && text != "" {
			t.Errorf("%q beside a failure", text)
		}
	})
}

// FuzzPixels goes past the file formats: any picture of any pixels.
func FuzzPixels(f *testing.F) {
	m := mustDraw(f, "FIDO:/123")
	f.Add(m.Image(2, QuietZone).(*image.Paletted).Pix, uint8(2*(m.Size+2*QuietZone)))
	f.Add([]byte{1, 0, 1, 0}, uint8(2))
	f.Fuzz(func(t *testing.T, pixels []byte, width uint8) {
		if width == 0 || len(pixels) < int(width) || len(pixels) > 1<<12 {
			return
		}
		img := image.NewGray(image.Rect(0, 0, int(width), len(pixels)/int(width)))
		for i := range img.Pix {
			img.Pix[i] = 255 * (1 - pixels[i]&1)
		}
		if _, err := ReadImage(img); err != nil && !mfa.IsCode(err, mfa.CodePictureNoCode) {
			t.Errorf("%v", err)
		}
	})
}

func BenchmarkReadScreenshot(b *testing.B) {
	r := rand.New(rand.NewPCG(9, 10))
	screen := canvas(r, mustDraw(b, hybridCode(r)).Image(6, QuietZone))
	for b.Loop() {
		if _, err := ReadImage(screen); err != nil {
			b.Fatal(err)
		}
	}
}
