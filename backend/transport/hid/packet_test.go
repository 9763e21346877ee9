package hid

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// counting is a message in which every byte tells its place.
func counting(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8)
	}
	return b
}

// reports cuts a message, and keeps copies.
func reports(size int, channel uint32, command byte, message []byte) [][]byte {
	var out [][]byte
	writeMessage(make([]byte, size), channel, command, message, func(r []byte) error {
		out = append(out, bytes.Clone(r))
		return nil
	})
	return out
}

func TestSizes(t *testing.T) {
	for size, want := range map[int]int{64: 7609, 8: 1 + 128*3, 32: 25 + 128*27, 1024: 65535} {
		if got := MaxMessage(size); got != want {
			t.Errorf("reports of %d bytes carry %d, want %d", size, got, want)
		}
	}
}

func TestEveryLengthComesThrough(t *testing.T) {
	for _, size := range []int{8, 9, 15, 23, 24, 64, 65, 512, 1024} {
		longest := MaxMessage(size)
		for n := 0; n <= longest; n++ {
			if n > 3*size && n < longest-size && n%97 != 0 { // the edges and some of the middle
				continue
			}
			message := counting(n)
			packets := reports(size, 0x01020304, cmdCBOR, message)
			if want := 1 + (max(n-(size-initHead), 0)+size-contHead-1)/(size-contHead); len(packets) != want {
				t.Fatalf("%d bytes in reports of %d: %d of them, want %d", n, size, len(packets), want)
			}
			var m assembly
			for i, r := range packets {
				if len(r) != size {
					t.Fatalf("a report of %d bytes", len(r))
				}
				m.take(t, i, r)
			}
			if !m.done() || !bytes.Equal(m.data, message) {
				t.Fatalf("%d bytes in reports of %d came out as %d", n, size, len(m.data))
			}
		}
	}
}

// assembly puts reports together as both roles do.
type assembly struct{ message }

func (m *assembly) take(t *testing.T, i int, report []byte) {
	t.Helper()
	p, ok := parsePacket(report)
	if !ok || p.channel != 0x01020304 || p.initial != (i == 0) {
		t.Fatalf("packet %d is read as %+v", i, p)
	}
	if i > 0 {
		ok = m.add(p)
	} else {
		m.message, ok = begin(p, len(report))
	}
	if !ok {
		t.Fatalf("packet %d was not taken", i)
	}
}

// What is behind the message in its last report is zero, whatever the report
// before it held.
func TestPaddingIsZero(t *testing.T) {
	for _, n := range []int{0, 1, 56, 58, 100} {
		packets := reports(64, 1, cmdPing, bytes.Repeat([]byte{0xff}, n))
		last := packets[len(packets)-1]
		used := initHead + n
		if len(packets) > 1 {
			used = contHead + (n - 57)
		}
		if rest := last[used:]; !bytes.Equal(rest, make([]byte, len(rest))) {
			t.Errorf("behind a message of %d bytes: % x", n, rest)
		}
	}
}

// FuzzReassembly gives reports to what puts messages together: no input makes it
// panic, take more than was announced, or end before all is there.
func FuzzReassembly(f *testing.F) {
	join := func(reports ...[]byte) []byte { return bytes.Join(reports, nil) }
	good := reports(16, 7, cmdPing, counting(40))
	f.Add(16, join(good...))
	f.Add(16, join(good[0], good[2], good[1]))
	f.Add(8, join(reports(8, 7, cmdCBOR, counting(385))...))
	f.Add(64, join(reports(64, 7, cmdError, []byte{6})...))
	f.Add(64, join(reports(64, 7, cmdKeepalive, []byte{2})...))
	huge := reports(64, 7, cmdPing, nil)[0]
	binary.BigEndian.PutUint16(huge[5:], 0xffff)
	f.Add(64, huge)
	f.Fuzz(func(t *testing.T, size int, stream []byte) {
		if size < MinReport || size > MaxReport {
			return
		}
		a := &answer{channel: 7, command: cmdPing, report: size, left: 4}
		i := &allocation{channel: 7, report: size, nonce: make([]byte, nonceSize)}
		for len(stream) >= size {
			p, ok := parsePacket(stream[:size])
			stream = stream[size:]
			if !ok {
				t.Fatal("a whole report was not read")
			}
			if _, done, err := i.take(p); err == nil && done && len(i.got.data) < initAnswer {
				t.Errorf("allocated by %d bytes", len(i.got.data))
			}
			_, done, err := a.take(p)
			if len(a.got.data) > a.got.total || a.got.total > MaxMessage(size) || cap(a.got.data) > MaxMessage(size) {
				t.Errorf("%d of %d bytes", len(a.got.data), a.got.total)
			}
			if err != nil || done {
				if done && !a.got.done() {
					t.Error("ended early")
				}
				return
			}
		}
	})
}
