package walk

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// Authenticator is the person's own: it makes codes as RFC 6238 says, by code
// that shares nothing with what checks them.
type Authenticator struct {
	Secret []byte
	Period time.Duration // default 30 s
	Used   int64         // the step of the last code that was typed

	// ahead is how far its clock seems to be ahead, in steps, since the last code was
	// sent off: what checks codes learns it from each, and expects the next there.
	ahead int64
}

// FromKey reads a secret key as the window shows it: base32 in groups.
func FromKey(key string) (Authenticator, error) {
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.TrimRight(strings.ReplaceAll(key, " ", ""), "="))
	return Authenticator{Secret: secret}, err
}

// Step is the number of the time step that a moment lies in.
func (a Authenticator) Step(at time.Time) int64 {
	period := a.Period
	if period == 0 {
		period = 30 * time.Second
	}
	return at.Unix() / int64(period/time.Second)
}

// Code is the code of a step: SHA-1, six digits.
func (a Authenticator) Code(step int64) string {
	mac := hmac.New(sha1.New, a.Secret)
	binary.Write(mac, binary.BigEndian, step) // never fails
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}

// Next is the code of the first step after the last used one that is accepted now,
// or in a moment: one step to either side of where it is expected is.
func (a *Authenticator) Next() string {
	a.Sent(max(a.Used+1, a.Step(time.Now())+a.ahead))
	return a.Code(a.Used)
}

// Sent notes that the code of this step goes off now. Where typing takes half a minute,
// it is a step behind the clock by then, and so are those that follow.
func (a *Authenticator) Sent(step int64) {
	a.Used, a.ahead = step, step-a.Step(time.Now())
}

// Wrong is a code that the device does not show within hours.
func (a Authenticator) Wrong() string {
	step := a.Step(time.Now())
	for n := 0; ; n++ {
		guess, right := fmt.Sprintf("%06d", n), false
		for s := step - 3000; s <= step+3000 && !right; s++ {
			right = a.Code(s) == guess
		}
		if !right {
			return guess
		}
	}
}
