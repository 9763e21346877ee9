package hybrid

import (
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// TestMessagesOutOfTheOrdinary has a phone without manners send them after the
// handshake.
func TestMessagesOutOfTheOrdinary(t *testing.T) {
	emptyUpdate := Frame(FrameUpdate, []byte{0xa0})
	answer := Frame(FrameCTAP, testAnswer)
	for _, row := range []struct {
		name     string
		before   [][]byte // sent before a request is there
		reply    [][]byte // sent for the request; then the phone closes
		code     mfa.Code
		answered bool
	}{
		{name: "updates around", before: [][]byte{emptyUpdate, emptyUpdate}, reply: [][]byte{emptyUpdate, answer}, answered: true},
		{name: "answer without padding of its own", reply: [][]byte{answer}, answered: true},
		{name: "answer before the request", before: [][]byte{answer}, code: mfa.CodePhoneProtocol},
		{name: "JSON for CTAP", reply: [][]byte{Frame(FrameJSON, []byte("{}"))}, code: mfa.CodePhoneProtocol},
		{name: "unknown type", reply: [][]byte{{9, 1}}, code: mfa.CodePhoneProtocol},
		{name: "empty message", reply: [][]byte{{}}, code: mfa.CodePhoneProtocol},
		{name: "answer without status", reply: [][]byte{{1}}, code: mfa.CodePhoneProtocol},
		{name: "update that is no map", reply: [][]byte{Frame(FrameUpdate, []byte{1})}, code: mfa.CodePhoneProtocol},
		{name: "update whose link is no map", reply: [][]byte{Frame(FrameUpdate, []byte{0xa1, 1, 1})}, code: mfa.CodePhoneProtocol},
		{name: "update with a malformed link", reply: [][]byte{Frame(FrameUpdate, []byte{0xa1, 1, 0xa0}), answer}, answered: true},
		{name: "shutdown for an answer", reply: [][]byte{Frame(FrameShutdown, nil)}, code: mfa.CodePhoneHungUp},
		{name: "shutdown after the answer", reply: [][]byte{answer, Frame(FrameShutdown, nil)}, answered: true},
		{name: "close for an answer", code: mfa.CodePhoneHungUp},
		{name: "too many messages", reply: slices.Repeat([][]byte{emptyUpdate}, MaxMessages), code: mfa.CodePhoneProtocol},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := newLab(t)
			l.client.OfferLinking = true
			sent := make(chan struct{})
			go func() { l.ended <- l.rogue(<-l.codes, row.before, row.reply, sent) }()
			s, err := l.client.Connect(t.Context(), MakeCredential, l.report)
			if err != nil {
				t.Fatal(err)
			}
			<-sent
			for len(s.tunnel.in) < len(row.before) {
				runtime.Gosched() // what was sent first is to be there before the request is sent
			}
			got, err := s.Exchange(t.Context(), testRequest, nil)
			s.Close()
			wantCode(t, err, row.code)
			if row.answered {
				l.wantAnswer(got, err)
			}
			<-l.ended
		})
	}
}

// rogue is a phone without manners, made of the parts of a good one.
func (l *lab) rogue(uri string, before, reply [][]byte, sent chan struct{}) error {
	code, err := ParseURI(uri)
	if err != nil {
		return err
	}
	ctx := l.Context()
	secret := code.Secret.Bytes()
	t, err := l.phone.dialer(Timers{}.withDefaults()).dial(ctx, NewURL(l.relay.base, Derive(secret, nil, PurposeTunnelID, tunnelIDSize)), nil, false)
	if err != nil {
		return err
	}
	defer t.close()
	routing, err := t.routingID()
	if err != nil {
		return err
	}
	eid, err := NewEID(make([]byte, 10), routing, 0)
	if err != nil {
		return err
	}
	client, err := code.Identity()
	if err != nil {
		return err
	}
	x := phoneTransaction{secret: secret}
	first, err := l.phone.awaitClient(ctx, t, Timers{}.withDefaults(), x, eid)
	if err != nil {
		return err
	}
	ephemeral, err := newKey(randomReader())
	if err != nil {
		return err
	}
	second, keys, err := AnswerQR(Derive(secret, eid[:], PurposePSK, keySize), client, ephemeral, first)
	if err != nil {
		return err
	}
	tx := &Crypter{aead: newGCM(keys.PhoneToClient)}
	greeting := (&PostHandshake{Features: []string{FeatureCTAP}, GetInfo: testGetInfo}).Encode()
	plain := append([][]byte{greeting}, before...)
	if err := t.send(ctx, second); err != nil {
		return err
	}
	write := func(messages [][]byte) error {
		for _, m := range messages {
			sealed, err := tx.Seal(m)
			if err != nil {
				return err
			}
			// Past the bound on what a good phone sends.
			t.sent = 0
			if err := t.send(ctx, sealed); err != nil {
				return err
			}
		}
		return nil
	}
	err = write(plain)
	close(sent)
	if err != nil {
		return err
	}
	if _, err := t.receive(ctx, time.Minute, mfa.CodeComputerSilent); err != nil {
		return err
	}
	return write(reply)
}
