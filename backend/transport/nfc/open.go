package nfc

import (
	"context"
	"strings"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// What an applet calls itself when it is selected (CTAP 2.2 section 11.3.3).
const (
	VersionU2F   = "U2F_V2"
	VersionFIDO2 = "FIDO_2_0"
)

// getInfo is CTAP2's authenticatorGetInfo.
const getInfo = 0x04

// Select selects the FIDO applet and gives the version it answers with. A card
// without one is key-cannot (param what: fido); other failures are the card's and
// key-protocol.
func Select(ctx context.Context, card Card) (version string, err error) {
	return opening(card).selectApplet(ctx)
}

// Open selects the FIDO applet and finds out what it speaks. It takes card over:
// when it fails, the card is closed. Failures are those of Select.
func Open(ctx context.Context, card Card) (*Channel, error) {
	return opening(card).open(ctx)
}

func opening(card Card) *Channel {
	return &Channel{card: card, turn: make(chan struct{}, 1), after: time.After, p1: p1MayPoll}
}

func (c *Channel) open(ctx context.Context) (*Channel, error) {
	version, err := c.selectApplet(ctx)
	if err == nil {
		c.ctap1, c.ctap2 = version == VersionU2F, true
		if c.ctap1 {
			c.ctap2, err = c.answersInfo(ctx)
		}
	}
	if err != nil {
		c.card.Close()
		return nil, err
	}
	return c, nil
}

func (c *Channel) selectApplet(ctx context.Context) (string, error) {
	data, sw, err := c.send(ctx, command{cla: claISO, ins: insSelect, p1: p1SelectByName, data: aid, want: shortWant})
	switch {
	case err != nil:
		return "", err
	case sw != statusOK:
		return "", mfa.Fail(mfa.CodeKeyCannot, "what", "fido").Because(sw.failure())
	}
	if version := string(data); version == VersionU2F || strings.HasPrefix(version, "FIDO_2_") && len(version) <= 16 {
		return version, nil
	}
	return "", broken("version")
}

// answersInfo tries getInfo on a card that offered U2F. A card that answers with a
// status word of its own, or with a status of CTAP, speaks U2F only.
func (c *Channel) answersInfo(ctx context.Context) (bool, error) {
	data, sw, err := c.message(ctx, []byte{getInfo}, nil)
	return err == nil && sw == statusOK && len(data) > 1 && data[0] == 0, err
}
