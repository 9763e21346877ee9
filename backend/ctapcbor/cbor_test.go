package ctapcbor

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"
)

func TestUnmarshalRefusesWhatIsNotCanonical(t *testing.T) {
	for name, in := range map[string]string{
		"unsorted keys":      "a202000100",
		"key in two bytes":   "a1180100",
		"doubled key":        "a201000101",
		"indefinite map":     "bf0100ff",
		"tag":                "c100",
		"five levels":        "818181818100",
		"trailing byte":      "a000",
		"empty":              "",
		"claims 2^63 pairs":  "bb8000000000000000",
		"bad utf-8":          "62fffe",
		"break alone":        "ff",
		"longer text first":  "a2626161006162" + "00",
		"integer in 8 bytes": "1b0000000000000001",
	} {
		raw, err := hex.DecodeString(in)
		if err != nil {
			t.Fatal(name, err)
		}
		var v any
		if Unmarshal(raw, &v) == nil {
			t.Errorf("%s: %s was accepted as %v", name, in, v)
		}
	}
}

func TestLooseTakesUnsortedMapsOnly(t *testing.T) {
	var m map[int]int
	if err := UnmarshalLoose([]byte{0xa2, 2, 0, 1, 0}, &m); err != nil || len(m) != 2 {
		t.Errorf("unsorted map: %v %v", m, err)
	}
	if UnmarshalLoose([]byte{0xa2, 1, 0, 1, 1}, &m) == nil {
		t.Error("a doubled key was accepted")
	}
}

func TestMarshalSortsAsCTAP2(t *testing.T) {
	got, err := Marshal(map[any]any{"type": 1, "id": 2, 3: 0, -1: 0, 24: 0})
	if err != nil {
		t.Fatal(err)
	}
	if want := "a503001818002000626964026474797065" + "01"; hex.EncodeToString(got) != want {
		t.Errorf("got %x, want %s", got, want)
	}
}

func TestMemberNamesAreExact(t *testing.T) {
	var v struct {
		ID int `cbor:"id"`
	}
	if err := Unmarshal([]byte{0xa1, 0x62, 'I', 'D', 1}, &v); err != nil || v.ID != 0 {
		t.Errorf("ID was taken for id: %+v, %v", v, err)
	}
}

// Each list is within its bound, all of them together are not.
func TestItemsAreBoundedInAll(t *testing.T) {
	inner := append([]byte{0x98, 170}, bytes.Repeat([]byte{0xa1, 0, 0}, 170)...)
	outer := append([]byte{0x99, 0x04, 0x00}, bytes.Repeat(inner, 1024)...)
	var v any
	if err := UnmarshalLoose(outer, &v); !errors.Is(err, ErrItems) {
		t.Errorf("half a million items: %v", err)
	}
	long := append([]byte{0x5a, 0, 0x0f, 0xff, 0xf0}, bytes.Repeat([]byte{0x80}, 0xffff0)...)
	if err := UnmarshalLoose(long, &v); err != nil {
		t.Errorf("the bytes of one long string were counted as items: %v", err)
	}
	if _, _, err := First(outer); !errors.Is(err, ErrItems) {
		t.Errorf("First: %v", err)
	}
}

func FuzzUnmarshal(f *testing.F) {
	for _, s := range []string{"a10102", "a0", "8100", "a26269640164747970650" + "2", "bb8000000000000000"} {
		raw, _ := hex.DecodeString(s)
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var v any
		if Unmarshal(data, &v) != nil {
			return
		}
		again, err := Marshal(v)
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("accepted %x, writes %x (%v)", data, again, err)
		}
	})
}
