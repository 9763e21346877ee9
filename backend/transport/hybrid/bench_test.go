package hybrid

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// BenchmarkAdvertTrial is one advert of a stranger: at most 0.5 us, no
// allocation. The other row is the one advert that is ours.
func BenchmarkAdvertTrial(b *testing.B) {
	c, err := NewEIDCipher(Derive(make([]byte, secretSize), nil, PurposeEIDKey, eidKeySize))
	if err != nil {
		b.Fatal(err)
	}
	for _, row := range []struct {
		name string
		data []byte
	}{
		{"foreign", bytes.Repeat([]byte{0x5a}, 20)},
		{"own", c.Seal(EID{})},
	} {
		b.Run(row.name, func(b *testing.B) {
			var eid EID
			b.ReportAllocs()
			for b.Loop() {
				c.Open(&eid, row.data)
			}
		})
	}
}

func TestAdvertTrialDoesNotAllocate(t *testing.T) {
	c, err := NewEIDCipher(make([]byte, eidKeySize))
	if err != nil {
		t.Fatal(err)
	}
	own, foreign := c.Seal(EID{}), make([]byte, 20)
	var eid EID
	if n := testing.AllocsPerRun(100, func() { c.Open(&eid, own); c.Open(&eid, foreign) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkAdvertToFirstAnswer takes the time from the advert heard to the first
// CTAP answer: TCP and upgrade, handshake, post-handshake message, one request;
// over a loopback relay. p50 at most 5 ms, p99 at most 20 ms.
func BenchmarkAdvertToFirstAnswer(b *testing.B) {
	air, r := newAir(), newRelay(b)
	codes, ended := make(chan string, 1), make(chan error, 1)
	phone := &Phone{
		Advertiser: air, DomainURL: r.url, GetInfo: testGetInfo,
		Handle: func(context.Context, []byte) ([]byte, error) { return testAnswer, nil },
	}
	var heard time.Time
	air.distort = func(a transport.Advert) []transport.Advert {
		heard = time.Now()
		return []transport.Advert{a}
	}
	client := &Client{Scanner: air, DomainURL: r.url}
	var times []time.Duration
	for b.Loop() {
		go func() {
			code, err := ParseURI(<-codes)
			if err == nil {
				err = phone.Answer(context.Background(), code)
			}
			ended <- err
		}()
		s, err := client.Connect(b.Context(), MakeCredential, func(p mfa.Progress) {
			if p.Stage == mfa.StageShowQR {
				codes <- p.QR
			}
		})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Exchange(b.Context(), testRequest, nil); err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(heard))
		s.Close()
		if err := <-ended; err != nil {
			b.Fatal(err)
		}
		client.WaitIdle(b.Context())
	}
	slices.Sort(times)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	b.ReportMetric(ms(times[len(times)/2]), "p50-ms")
	b.ReportMetric(ms(times[len(times)*99/100]), "p99-ms")
	// Two messages to the phone before the answer, the shutdown after it.
	b.ReportMetric(float64(r.counts[toPhone].Load())/float64(len(times))-1, "roundtrips/op")
}

// BenchmarkHandshake is both sides of KNpsk0, for the share it has of the above.
func BenchmarkHandshake(b *testing.B) {
	identity, err := newKey(randomReader())
	if err != nil {
		b.Fatal(err)
	}
	psk := make([]byte, keySize)
	for b.Loop() {
		e1, _ := newKey(randomReader())
		e2, _ := newKey(randomReader())
		i, message1, err := StartQR(psk, identity, e1)
		if err != nil {
			b.Fatal(err)
		}
		message2, _, err := AnswerQR(psk, identity.PublicKey(), e2, message1)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := i.Finish(message2); err != nil {
			b.Fatal(err)
		}
	}
}
