package qrpicture

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"strings"

	qrcode "github.com/skip2/go-qrcode"

	"github.com/keyferry/keyferry/backend/mfa"
)

// QuietZone is the light border, in modules, without which readers may fail
// (ISO/IEC 18004 section 9.1).
const QuietZone = 4

// Matrix is the modules of one QR code, without quiet zone.
type Matrix struct {
	Size int // modules in a row: 17 + 4 times the version
	dark []bool
}

// Draw encodes text at level M, which survives damage to 15 % of the picture.
// A hybrid code (FIDO:/ and 168 digits) becomes version 5, 37 modules. It fails
// with invalid-input (field: text) when text is empty or too long for one code.
func Draw(text string) (Matrix, error) {
	code, err := qrcode.New(text, qrcode.Medium)
	if text == "" || err != nil {
		return Matrix{}, mfa.Fail(mfa.CodeInvalidInput, "field", "text").Because(err)
	}
	code.DisableBorder = true
	rows := code.Bitmap()
	m := Matrix{Size: len(rows), dark: make([]bool, 0, len(rows)*len(rows))}
	for _, row := range rows {
		m.dark = append(m.dark, row...)
	}
	return m, nil
}

// Dark says whether a module is dark. Everything outside the code is light.
func (m Matrix) Dark(x, y int) bool {
	return x >= 0 && y >= 0 && x < m.Size && y < m.Size && m.dark[y*m.Size+x]
}

// Rows gives one text for each row from the top, with "1" for a dark module and
// "0" for a light one.
func (m Matrix) Rows() []string {
	rows := make([]string, m.Size)
	for y := range rows {
		var row strings.Builder
		for x := range m.Size {
			if m.Dark(x, y) {
				row.WriteByte('1')
			} else {
				row.WriteByte('0')
			}
		}
		rows[y] = row.String()
	}
	return rows
}

// Image draws the code dark on light with the given size of a module and
// border, in pixels and modules.
func (m Matrix) Image(pixelsPerModule, quietZone int) image.Image {
	scale, border := max(pixelsPerModule, 1), max(quietZone, 0)
	side := (m.Size + 2*border) * scale
	img := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.Black})
	for y := range side {
		for x := range side {
			if m.Dark(x/scale-border, y/scale-border) {
				img.Pix[y*img.Stride+x] = 1
			}
		}
	}
	return img
}

// PNG is Image as a file.
func (m Matrix) PNG(pixelsPerModule, quietZone int) []byte {
	var file bytes.Buffer
	if err := png.Encode(&file, m.Image(pixelsPerModule, quietZone)); err != nil {
		panic("qrpicture: " + err.Error()) // a buffer and a palette give png nothing to refuse
	}
	return file.Bytes()
}

// Terminal draws the code with half blocks, two modules to a character, with
// its quiet zone and a newline after each line. It paints the light modules, for
// light text on a dark ground; invert paints the dark ones, for a light terminal.
func (m Matrix) Terminal(invert bool) string {
	var out strings.Builder
	painted := func(x, y int) bool {
		// The row below an odd last row is no part of the picture: leave it as ground.
		return y < m.Size+QuietZone && m.Dark(x, y) == invert
	}
	for y := -QuietZone; y < m.Size+QuietZone; y += 2 {
		for x := -QuietZone; x < m.Size+QuietZone; x++ {
			switch upper, lower := painted(x, y), painted(x, y+1); {
			case upper && lower:
				out.WriteRune('█')
			case upper:
				out.WriteRune('▀')
			case lower:
				out.WriteRune('▄')
			default:
				out.WriteByte(' ')
			}
		}
		out.WriteByte('\n')
	}
	return out.String()
}
