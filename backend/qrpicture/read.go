package qrpicture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // the two formats that cameras and screenshots make
	_ "image/png"
	"io"
	"iter"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Limits of a picture, checked before its pixels are unpacked.
const (
	MaxFile   = 64 << 20 // bytes of the file
	MaxPixels = 64 << 20 // width times height; the largest phone photographs have 50 million
)

// workingSide is the length of the longer side that a picture is brought to for
// the first tries. Larger ones only cost time: a code with modules of four
// pixels fills less than 200.
const workingSide = 2000

// smallestCode is the length of a side of the smallest QR code, in modules.
const smallestCode = 21

// Read gives the text of the QR code in a PNG or JPEG picture. It fails with
// picture-unreadable when r holds no such picture or one above the limits, and
// with picture-no-code when no code can be made out in it.
func Read(r io.Reader) (string, error) {
	file, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return "", mfa.Fail(mfa.CodePictureUnreadable).Because(err)
	}
	if len(file) > MaxFile {
		return "", mfa.Fail(mfa.CodePictureUnreadable).Because(errors.New("file above the limit"))
	}
	size, _, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return "", mfa.Fail(mfa.CodePictureUnreadable).Because(err)
	}
	if size.Width <= 0 || size.Height <= 0 || size.Width > MaxPixels/size.Height {
		return "", mfa.Fail(mfa.CodePictureUnreadable).Because(
			fmt.Errorf("%d x %d pixels", size.Width, size.Height))
	}
	img, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return "", mfa.Fail(mfa.CodePictureUnreadable).Because(err)
	}
	return ReadImage(img)
}

// ReadImage gives the text of the QR code in a picture, or picture-no-code.
func ReadImage(img image.Image) (string, error) {
	if img == nil || img.Bounds().Empty() {
		return "", mfa.Fail(mfa.CodePictureNoCode)
	}
	for try := range tries(toGrey(img)) {
		if min(try.width, try.height) < smallestCode {
			continue
		}
		for _, how := range readings {
			if text, err := how(try); err == nil {
				return text, nil
			}
		}
	}
	return "", mfa.Fail(mfa.CodePictureNoCode)
}

// tries gives the picture at several scales, the likeliest first, and at last
// its negative. A reader that misses a code at one scale often finds it at the
// next, because its sampling falls on other pixels.
func tries(g grey) iter.Seq[grey] {
	return func(yield func(grey) bool) {
		longer := max(g.width, g.height)
		fit := (longer + workingSide - 1) / workingSide
		base := g
		if fit > 1 {
			base = g.shrink(fit)
		}
		more := yield(base) && yield(base.shrink(2)) && yield(base.threeQuarters()) && yield(base.shrink(3))
		// A small picture may have modules of one or two pixels, too few to sample.
		if longer <= workingSide/2 {
			more = more && yield(g.grow(2)) && yield(g.grow(3)) && yield(g.grow(2).threeQuarters())
		}
		// A large one may hold a small code, a screen of two metres for example.
		if fit == 2 {
			more = more && yield(g)
		}
		_ = more && yield(base.negative())
	}
}

// readings are the ways to look at one picture, the cheapest and likeliest
// first. Each misses some clean pictures that another reads.
var readings = []func(grey) (string, error){
	reading(gozxing.NewHybridBinarizer, gozxing.DecodeHintType_TRY_HARDER),
	reading(gozxing.NewGlobalHistgramBinarizer, gozxing.DecodeHintType_TRY_HARDER),
	reading(gozxing.NewHybridBinarizer, gozxing.DecodeHintType_PURE_BARCODE),
	reading(gozxing.NewGlobalHistgramBinarizer, gozxing.DecodeHintType_PURE_BARCODE),
}

func reading(binarizer func(gozxing.LuminanceSource) gozxing.Binarizer, hint gozxing.DecodeHintType) func(grey) (string, error) {
	return func(g grey) (text string, err error) {
		defer func() { // the library indexes by what it read
			if fault := recover(); fault != nil {
				err = fmt.Errorf("decoder: %v", fault)
			}
		}()
		bitmap, err := gozxing.NewBinaryBitmap(binarizer(g.source()))
		if err != nil {
			return "", err
		}
		result, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{hint: true})
		if err != nil {
			return "", err
		}
		return result.GetText(), nil
	}
}
