package qrpicture

import (
	"errors"
	"image"

	"github.com/makiuchi-d/gozxing"
)

// grey is a picture in 256 shades; see-through pixels count as white paper.
type grey struct {
	width, height int
	pix           []byte
}

func toGrey(img image.Image) grey {
	b := img.Bounds()
	g := grey{b.Dx(), b.Dy(), make([]byte, b.Dx()*b.Dy())}
	switch src := img.(type) {
	case *image.Gray:
		for y := range g.height {
			copy(g.row(y), src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):])
		}
	case *image.YCbCr:
		for y := range g.height {
			copy(g.row(y), src.Y[src.YOffset(b.Min.X, b.Min.Y+y):])
		}
	case *image.Paletted:
		var shades [256]byte
		for i, c := range src.Palette {
			shades[i&255] = shade(c.RGBA())
		}
		for y := range g.height {
			row, from := g.row(y), src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):]
			for x := range row {
				row[x] = shades[from[x]]
			}
		}
	default:
		at, fast := img.(image.RGBA64Image)
		for y := range g.height {
			row := g.row(y)
			for x := range row {
				if fast { // without an allocation for each pixel
					c := at.RGBA64At(b.Min.X+x, b.Min.Y+y)
					row[x] = shade(uint32(c.R), uint32(c.G), uint32(c.B), uint32(c.A))
					continue
				}
				row[x] = shade(img.At(b.Min.X+x, b.Min.Y+y).RGBA())
			}
		}
	}
	return g
}

// shade weighs premultiplied 16-bit components and lays them on white.
func shade(r, g, b, a uint32) byte {
	return byte(((r+2*g+b)/4 + 0xffff - a) >> 8)
}

func (g grey) row(y int) []byte { return g.pix[y*g.width : (y+1)*g.width] }

// shrink averages squares of n by n pixels.
func (g grey) shrink(n int) grey {
	s := grey{g.width / n, g.height / n, nil}
	s.pix = make([]byte, s.width*s.height)
	for y := range s.height {
		row := s.row(y)
		for x := range row {
			sum := 0
			for dy := range n {
				for _, v := range g.row(y*n + dy)[x*n : x*n+n] {
					sum += int(v)
				}
			}
			row[x] = byte(sum / (n * n))
		}
	}
	return s
}

// grow repeats each pixel n times in both directions.
func (g grey) grow(n int) grey {
	s := grey{g.width * n, g.height * n, make([]byte, g.width*n*g.height*n)}
	for y := range s.height {
		from, row := g.row(y/n), s.row(y)
		for x := range row {
			row[x] = from[x/n]
		}
	}
	return s
}

// threeQuarters makes of each 4 by 4 pixels 3 by 3, each the mean of the pixels
// it covers. No module keeps the size it had.
func (g grey) threeQuarters() grey {
	s := grey{g.width * 3 / 4, g.height * 3 / 4, nil}
	s.pix = make([]byte, s.width*s.height)
	for y := range s.height {
		top, wy := y*4/3, y%3 // a pixel covers 4/3: of the first (3-wy)/3, of the second the rest
		upper, lower, row := g.row(top), g.row(top+1), s.row(y)
		for x := range row {
			left, wx := x*4/3, x%3
			u := int(upper[left])*(3-wx) + int(upper[left+1])*(1+wx)
			l := int(lower[left])*(3-wx) + int(lower[left+1])*(1+wx)
			row[x] = byte((u*(3-wy) + l*(1+wy)) / 16)
		}
	}
	return s
}

// negative swaps dark and light.
func (g grey) negative() grey {
	s := grey{g.width, g.height, make([]byte, len(g.pix))}
	for i, v := range g.pix {
		s.pix[i] = 255 - v
	}
	return s
}

// source shows the pixels to the decoder, which takes any number of copies of
// the whole and crops nothing.
type source struct {
	gozxing.LuminanceSourceBase
	grey
}

func (g grey) source() gozxing.LuminanceSource {
	return &source{gozxing.LuminanceSourceBase{Width: g.width, Height: g.height}, g}
}

func (s *source) GetMatrix() []byte { return s.pix }

func (s *source) GetRow(y int, row []byte) ([]byte, error) {
	if y < 0 || y >= s.height {
		return nil, errors.New("row outside of the picture")
	}
	return append(row[:0], s.row(y)...), nil
}

func (s *source) Invert() gozxing.LuminanceSource { return s.negative().source() }

func (s *source) String() string { return "picture" }
