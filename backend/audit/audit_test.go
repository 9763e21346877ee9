package audit

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

var moment = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.FixedZone("somewhere", -3600))

func example() mfa.Event {
	return mfa.Event{Seq: 1, At: moment, Kind: mfa.EventDeviceAdded, PrincipalID: "P", DeviceID: "D",
		Detail: map[string]string{"provider": "", "name": "Täst"}}
}

// The bytes are fixed for good: a trail of years must still check.
func TestEncodingNeverChanges(t *testing.T) {
	want := "01" + "0000000000000001" + "00064bf60c449640" +
		"0000000c" + hex.EncodeToString([]byte("device-added")) + "00000001" + "50" + "00000001" + "44" + "00000002" +
		"00000004" + hex.EncodeToString([]byte("name")) + "00000005" + hex.EncodeToString([]byte("Täst")) +
		"00000008" + hex.EncodeToString([]byte("provider")) + "00000000"
	if got := hex.EncodeToString(Encode(example())); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	const hash = "565b4a2ee322bb4bcb7e6e5a6a243e9a5d650cff13acc91f9b37313f3d585e3f"
	if got := fmt.Sprintf("%x", Hash([32]byte{}, example())); got != hash {
		t.Errorf("hash %s", got)
	}
}

func TestEncodingTellsEventsApart(t *testing.T) {
	seen := map[string]string{}
	for name, change := range map[string]func(*mfa.Event){
		"as it is":           func(e *mfa.Event) {},
		"number":             func(e *mfa.Event) { e.Seq++ },
		"time":               func(e *mfa.Event) { e.At = e.At.Add(time.Microsecond) },
		"no time":            func(e *mfa.Event) { e.At = time.Time{} },
		"kind":               func(e *mfa.Event) { e.Kind += "x" },
		"principal":          func(e *mfa.Event) { e.PrincipalID = "Q" },
		"device":             func(e *mfa.Event) { e.DeviceID = "E" },
		"border moved right": func(e *mfa.Event) { e.PrincipalID, e.DeviceID = "PD", "" },
		"border moved left":  func(e *mfa.Event) { e.PrincipalID, e.DeviceID = "", "PD" },
		"value":              func(e *mfa.Event) { e.Detail = map[string]string{"provider": "x", "name": "Täst"} },
		"key":                func(e *mfa.Event) { e.Detail = map[string]string{"provided": "", "name": "Täst"} },
		"values swapped":     func(e *mfa.Event) { e.Detail = map[string]string{"provider": "Täst", "name": ""} },
		"fewer":              func(e *mfa.Event) { e.Detail = map[string]string{"name": "Täst"} },
		"none":               func(e *mfa.Event) { e.Detail = nil },
	} {
		e := example()
		change(&e)
		b := string(Encode(e))
		if other, ok := seen[b]; ok {
			t.Errorf("%q is encoded like %q", name, other)
		}
		seen[b] = name
	}
	same := example()
	same.At, same.Hash = moment.UTC().Truncate(time.Microsecond), []byte("ignored")
	if !bytes.Equal(Encode(same), Encode(example())) {
		t.Error("the zone, the nanoseconds or the hash changed the bytes")
	}
}

func trail(n int) (events []mfa.Event) {
	var last Link
	for i := range n {
		var e mfa.Event
		e, last = last.Next(mfa.Event{At: moment.Add(time.Duration(i) * time.Second), Kind: mfa.EventSignInMFA,
			PrincipalID: "P", Detail: map[string]string{"count": fmt.Sprint(i)}})
		events = append(events, e)
	}
	return events
}

func TestVerify(t *testing.T) {
	rows := []struct {
		name   string
		change func([]mfa.Event) []mfa.Event
		seq    int64 // 0: whole
		why    string
	}{
		{"untouched", func(e []mfa.Event) []mfa.Event { return e }, 0, ""},
		{"empty", func(e []mfa.Event) []mfa.Event { return nil }, 0, ""},
		{"first gone", func(e []mfa.Event) []mfa.Event { return e[1:] }, 1, "number"},
		{"one gone", func(e []mfa.Event) []mfa.Event { return slices.Delete(e, 3, 4) }, 4, "number"},
		{"one gone, renumbered", func(e []mfa.Event) []mfa.Event {
			e = slices.Delete(e, 3, 4)
			for i := range e {
				e[i].Seq = int64(i + 1)
			}
			return e
		}, 4, "hash"},
		{"doubled", func(e []mfa.Event) []mfa.Event { return slices.Insert(e, 3, e[2]) }, 4, "number"},
		{"swapped", func(e []mfa.Event) []mfa.Event { e[2], e[3] = e[3], e[2]; return e }, 3, "number"},
		{"time", func(e []mfa.Event) []mfa.Event { e[4].At = e[4].At.Add(time.Hour); return e }, 5, "hash"},
		{"detail", func(e []mfa.Event) []mfa.Event { e[0].Detail["count"] = "7"; return e }, 1, "hash"},
		{"kind", func(e []mfa.Event) []mfa.Event { e[9].Kind = mfa.EventSignedOut; return e }, 10, "hash"},
		{"hash", func(e []mfa.Event) []mfa.Event { e[6].Hash[0] ^= 1; return e }, 7, "hash"},
		{"no hash", func(e []mfa.Event) []mfa.Event { e[6].Hash = nil; return e }, 7, "hash"},
		{"changed with its hash", func(e []mfa.Event) []mfa.Event { // shows one later
			e[6].DeviceID = "X"
			sum := Hash([32]byte(e[5].Hash), e[6])
			e[6].Hash = sum[:]
			return e
		}, 8, "hash"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			err := Verify(row.change(trail(10)))
			var broken *Broken
			if row.seq == 0 && err != nil || row.seq != 0 && (!errors.As(err, &broken) || *broken != Broken{row.seq, row.why}) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestVerifyInPieces(t *testing.T) {
	events := trail(10)
	var at Link
	var err error
	for _, piece := range [][]mfa.Event{events[:3], nil, events[3:4], events[4:]} {
		if at, err = at.Verify(piece); err != nil {
			t.Fatal(err)
		}
	}
	if at.Seq != 10 || !bytes.Equal(at.Hash[:], events[9].Hash) {
		t.Errorf("ended at %d", at.Seq)
	}
}

func TestNextLeavesTheCallersEventAlone(t *testing.T) {
	mine := mfa.Event{Detail: map[string]string{"a": "x\xff"}, PrincipalID: "\xfe"}
	e, _ := Link{}.Next(mine)
	if e.Detail["a"] != "x\uFFFD" || e.PrincipalID != "\uFFFD" || !e.At.IsZero() {
		t.Errorf("got %+v", e)
	}
	if mine.Detail["a"] != "x\xff" || mine.Seq != 0 {
		t.Error("the caller's event was changed")
	}
	if e, _ := (Link{}).Next(mfa.Event{Detail: map[string]string{}}); e.Detail != nil {
		t.Error("no details should be nil")
	}
}

func TestMicros(t *testing.T) {
	for _, at := range []time.Time{{}, time.UnixMicro(1).UTC(), time.UnixMicro(-1).UTC(), time.Date(1969, 7, 20, 20, 17, 0, 0, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)} {
		if got := FromMicros(Micros(at)); !got.Equal(at) || got.Location() != time.UTC {
			t.Errorf("%v came back as %v", at, got)
		}
	}
}

func BenchmarkHash(b *testing.B) {
	e := example()
	b.ReportAllocs()
	for b.Loop() {
		Hash([32]byte{}, e)
	}
}
