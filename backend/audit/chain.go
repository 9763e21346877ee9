package audit

import (
	"bytes"
	"crypto/sha256"
	"fmt"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Link is a place in the chain: the newest event's number and hash. The zero
// Link stands before the first event. It is all that appending needs, and a Link
// that is kept outside the store (printed, mailed) later proves that nothing up
// to it was changed or cut off.
type Link struct {
	Seq  int64
	Hash [sha256.Size]byte
}

// Next numbers and hashes the event that follows l. It also gives the event the
// form that comes back from any store, because that is what the hash covers: the
// time in whole microseconds of UTC, text in valid UTF-8, no details as nil.
func (l Link) Next(e mfa.Event) (mfa.Event, Link) {
	e.Seq, e.At = l.Seq+1, FromMicros(Micros(e.At))
	e.Kind = mfa.EventKind(validText(string(e.Kind)))
	e.PrincipalID, e.DeviceID = validText(e.PrincipalID), validText(e.DeviceID)
	e.Detail = validDetail(e.Detail)
	next := Link{Seq: e.Seq, Hash: Hash(l.Hash, e)}
	e.Hash = bytes.Clone(next.Hash[:])
	return e, next
}

// Hash is SHA-256(prev || Encode(e)).
func Hash(prev [sha256.Size]byte, e mfa.Event) [sha256.Size]byte {
	buf := make([]byte, sha256.Size, 512)
	copy(buf, prev[:])
	return sha256.Sum256(appendEvent(buf, e))
}

// Broken is the first event that does not fit the chain.
type Broken struct {
	Seq int64  // the number that was expected there
	Why string // "number" (a line is missing, moved or doubled) or "hash" (it was changed)
}

// Error names the event, never its content.
func (b *Broken) Error() string { return fmt.Sprintf("audit: event %d: wrong %s", b.Seq, b.Why) }

// Verify checks a whole trail from its first event and gives a *Broken for the
// first event that does not fit. An empty trail is whole.
func Verify(events []mfa.Event) error {
	_, err := Link{}.Verify(events)
	return err
}

// Verify checks events that must follow l and gives the Link after the last one,
// so that a long trail can be checked in pieces.
func (l Link) Verify(events []mfa.Event) (Link, error) {
	for _, e := range events {
		if e.Seq != l.Seq+1 {
			return l, &Broken{Seq: l.Seq + 1, Why: "number"}
		}
		sum := Hash(l.Hash, e)
		if !bytes.Equal(sum[:], e.Hash) {
			return l, &Broken{Seq: e.Seq, Why: "hash"}
		}
		l = Link{Seq: e.Seq, Hash: sum}
	}
	return l, nil
}
