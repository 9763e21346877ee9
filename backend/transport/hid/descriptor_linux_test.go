package hid

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

// fidoDescriptor is the report descriptor of a key, for reports of a size
// (CTAP 2.2 section 11.2.8.2).
func fidoDescriptor(in, out int) []byte {
	return []byte{
		0x06, 0xd0, 0xf1, // usage page FIDO
		0x09, 0x01, // usage U2F authenticator device
		0xa1, 0x01, // collection, application
		0x09, 0x20, // usage data in
		0x15, 0x00, 0x26, 0xff, 0x00, // logical 0 to 255
		0x75, 0x08, 0x96, byte(in), byte(in >> 8), // 8 bits, in times
		0x81, 0x02, // input
		0x09, 0x21, // usage data out
		0x15, 0x00, 0x26, 0xff, 0x00,
		0x75, 0x08, 0x96, byte(out), byte(out >> 8),
		0x91, 0x02, // output
		0xc0,
	}
}

// A boot keyboard, as in the HID specification's appendix, shortened.
const keyboardDescriptor = "05010906a101050719e029e7150025017501950881029501750881019505750105081901290591029501750391019506750815002565050719002965 8100c0"

func fromHex(text string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

func TestReportDescriptor(t *testing.T) {
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	key := fidoDescriptor(64, 64)
	keyboard := fromHex(keyboardDescriptor)
	for _, c := range []struct {
		name       string
		descriptor []byte
		in, out    int
		err        error
	}{
		{"a key", key, 64, 64, nil},
		{"small reports one way", fidoDescriptor(8, 64), 8, 64, nil},
		{"the largest", fidoDescriptor(1024, 1024), 1024, 1024, nil},
		{"a keyboard before", join(keyboard, key), 64, 64, nil},
		{"a keyboard behind", join(key, keyboard), 64, 64, nil},
		{"garbage behind", join(key, []byte{0x26}), 64, 64, nil},
		{"a long item before", join([]byte{0xfe, 2, 9, 1, 2}, key), 64, 64, nil},
		{"the page in the usage", join(fromHex("0b0100d0f1"), key[5:]), 64, 64, nil},
		{"a collection within", fromHex("06d0f10901a101a10275089540810295409102c0c0"), 64, 64, nil},
		{"the page pushed and popped", fromHex("06d0f1a4050cb40901a10175089540810295409102c0"), 64, 64, nil},
		{"a keyboard", keyboard, 0, 0, errNotFIDO},
		{"nothing", nil, 0, 0, errNotFIDO},
		{"the page, another usage", fromHex("06d0f10902a10175089540810295409102c0"), 0, 0, errNotFIDO},
		{"the usage behind the collection", fromHex("06d0f1a101090175089540810295409102c0"), 0, 0, errNotFIDO},
		{"another usage first", fromHex("06d0f109020901a10175089540810295409102c0"), 0, 0, errNotFIDO},
		{"inside another collection", fromHex("05010906a10106d0f10901a10175089540810295409102c0c0"), 0, 0, errNotFIDO},
		{"numbered reports", fromHex("06d0f10901a101850175089540810295409102c0"), 0, 0, errDescriptor},
		{"no output", fromHex("06d0f10901a101750895408102c0"), 0, 0, errDescriptor},
		{"reports too small", fidoDescriptor(7, 64), 0, 0, errDescriptor},
		{"reports too large", fidoDescriptor(1025, 64), 0, 0, errDescriptor},
		{"bits that are no bytes", fromHex("06d0f10901a10175079541810275089540910 2c0"), 0, 0, errDescriptor},
		{"sizes that overflow", fromHex("06d0f10901a101 77ffffffff 97ffffffff 8102 9102 c0"), 0, 0, errDescriptor},
		{"never closed", key[:len(key)-1], 0, 0, errDescriptor},
		{"cut off in an item", key[:len(key)-6], 0, 0, errDescriptor},
		{"a long item cut off", fromHex("fe0a0101"), 0, 0, errDescriptor},
		{"closed more often than opened", fromHex("c0"), 0, 0, errDescriptor},
		{"popped, not pushed", fromHex("b4"), 0, 0, errDescriptor},
		{"pushed without an end", bytes.Repeat([]byte{0xa4}, 17), 0, 0, errDescriptor},
		{"too long", join(make([]byte, 4097)), 0, 0, errDescriptor},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, out, err := fidoReports(c.descriptor)
			if in != c.in || out != c.out || !errors.Is(err, c.err) {
				t.Errorf("%d in, %d out, %v", in, out, err)
			}
		})
	}
}

func FuzzReportDescriptor(f *testing.F) {
	f.Add(fidoDescriptor(64, 64))
	f.Add(fromHex(keyboardDescriptor))
	f.Add(fromHex("06d0f1a4050cb40901a10175089540810295409102c0"))
	f.Add([]byte{0xfe, 2, 9, 1, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		in, out, err := fidoReports(b)
		if err != nil {
			return
		}
		if in < MinReport || in > MaxReport || out < MinReport || out > MaxReport {
			t.Errorf("reports of %d and %d bytes", in, out)
		}
		if !bytes.Contains(b, []byte{0xd0, 0xf1}) {
			t.Error("a key without its usage page")
		}
	})
}
