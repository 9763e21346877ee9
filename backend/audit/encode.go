package audit

import (
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

const encodingVersion = 1

// Encode gives the canonical bytes of an event. Hash is not part of them.
func Encode(e mfa.Event) []byte {
	size := 1 + 8 + 8 + 4 + len(e.Kind) + 4 + len(e.PrincipalID) + 4 + len(e.DeviceID) + 4
	for k, v := range e.Detail {
		size += 4 + len(k) + 4 + len(v)
	}
	return appendEvent(make([]byte, 0, size), e)
}

func appendEvent(b []byte, e mfa.Event) []byte {
	b = append(b, encodingVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(e.Seq))
	b = binary.BigEndian.AppendUint64(b, uint64(Micros(e.At)))
	b = appendText(b, string(e.Kind))
	b = appendText(b, e.PrincipalID)
	b = appendText(b, e.DeviceID)
	b = binary.BigEndian.AppendUint32(b, uint32(len(e.Detail)))
	for _, k := range slices.Sorted(maps.Keys(e.Detail)) {
		b = appendText(b, k)
		b = appendText(b, e.Detail[k])
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}

// validText replaces each run of invalid bytes by U+FFFD. Some texts come from a
// phone, and a store that keeps them as JSON would change them after hashing.
func validText(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

func validDetail(d map[string]string) map[string]string {
	if len(d) == 0 {
		return nil
	}
	valid := make(map[string]string, len(d))
	for _, k := range slices.Sorted(maps.Keys(d)) {
		valid[validText(k)] = validText(d[k])
	}
	return valid
}

// Micros is the form in which the chain and the stores keep a time: microseconds
// since 1970 in UTC, 0 for the zero time. FromMicros turns it back.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// FromMicros is the opposite of Micros.
func FromMicros(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
