package hybrid

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/keyferry/keyferry/backend/ctapcbor"
)

// FrameType is the first byte of every message after the post-handshake message.
type FrameType byte

const (
	FrameShutdown FrameType = 0 // client to phone; no body
	FrameCTAP     FrameType = 1 // to the phone: command and CBOR; to the client: status and CBOR
	FrameUpdate   FrameType = 2 // phone to client, at any time: a CBOR map
	FrameJSON     FrameType = 3 // digital credentials; never taken here
)

// String is the name of the type.
func (t FrameType) String() string {
	switch t {
	case FrameShutdown:
		return "shutdown"
	case FrameCTAP:
		return "ctap"
	case FrameUpdate:
		return "update"
	case FrameJSON:
		return "json"
	default:
		return fmt.Sprintf("type %d", byte(t))
	}
}

var errFrame = errors.New("hybrid: empty message or unknown message type")

// ParseFrame splits a decrypted message. It refuses an empty one and unknown
// types: both end a session.
func ParseFrame(message []byte) (FrameType, []byte, error) {
	if len(message) == 0 || message[0] > byte(FrameJSON) {
		return 0, nil, errFrame
	}
	return FrameType(message[0]), message[1:], nil
}

// Frame is the inverse of ParseFrame.
func Frame(t FrameType, body []byte) []byte {
	return append([]byte{byte(t)}, body...)
}

// FeatureCTAP stands in the feature list of a phone that takes CTAP messages.
const (
	FeatureCTAP = "ctap"
	FeatureDC   = "dc" // digital credentials
)

// PostHandshake is the phone's first message: what it can do.
type PostHandshake struct {
	// Revision is 1, or 0 for phones of before 2022, which know no message
	// types: they can be recognised here and not be used.
	Revision int
	Features []string
	GetInfo  []byte              // CBOR without status byte; nil without FeatureCTAP
	Linking  ctapcbor.RawMessage // a link in its older place, or nil
}

var errPostHandshake = errors.New("hybrid: not a post-handshake message")

// ParsePostHandshake reads the first message after the handshake, without its
// padding. It refuses a message in which the feature "ctap" and getInfo do not
// come together.
func ParsePostHandshake(message []byte) (*PostHandshake, error) {
	revision := 1
	var fields map[any]ctapcbor.RawMessage
	if decodeMap(message, &fields) != nil {
		revision = 0
		body, ok := revision0(message)
		if !ok || decodeMap(body, &fields) != nil {
			return nil, errPostHandshake
		}
	}
	p := &PostHandshake{Revision: revision, Features: []string{FeatureCTAP}}
	if raw, ok := fields[uint64(1)]; ok {
		if err := typed(raw, majorBytes, &p.GetInfo); err != nil {
			return nil, err
		}
	}
	if raw, ok := fields[uint64(2)]; ok {
		if !isMap(raw) {
			return nil, errPostHandshake
		}
		p.Linking = raw
	}
	if raw, ok := fields[uint64(3)]; ok {
		var items []ctapcbor.RawMessage
		if err := typed(raw, majorArray, &items); err != nil {
			return nil, err
		}
		p.Features = make([]string, len(items))
		for i, item := range items {
			if err := typed(item, majorText, &p.Features[i]); err != nil {
				return nil, err
			}
		}
	}
	if p.HasCTAP() != (p.GetInfo != nil) {
		return nil, errPostHandshake
	}
	return p, nil
}

// HasCTAP reports that the phone is a passkey device.
func (p *PostHandshake) HasCTAP() bool { return slices.Contains(p.Features, FeatureCTAP) }

// Encode writes the message as revision 1. The feature list is left out when it
// says nothing but "ctap", as phones did before there was another feature.
func (p *PostHandshake) Encode() []byte {
	fields := map[int]any{}
	if p.GetInfo != nil {
		fields[1] = p.GetInfo
	}
	if !slices.Equal(p.Features, []string{FeatureCTAP}) {
		fields[3] = p.Features
	}
	return ctapcbor.MustMarshal(fields)
}

// revision0 takes the padding of before revision 1 off: zeros and their number,
// two bytes little-endian, or one byte before Chrome 99.
func revision0(message []byte) ([]byte, bool) {
	for _, width := range []int{2, 1} {
		if len(message) < width {
			continue
		}
		var tail [2]byte
		copy(tail[:], message[len(message)-width:])
		body := message[:len(message)-width]
		zeros := int(binary.LittleEndian.Uint16(tail[:]))
		if zeros < len(body) && isMap(body) && ctapcbor.UnmarshalLoose(body[:len(body)-zeros], new(any)) == nil {
			return body[:len(body)-zeros], true
		}
	}
	return nil, false
}

// decodeMap decodes one map and nothing else.
func decodeMap(data []byte, v *map[any]ctapcbor.RawMessage) error {
	if !isMap(data) {
		return errors.New("hybrid: not a CBOR map")
	}
	return ctapcbor.UnmarshalLoose(data, v)
}

func isMap(data []byte) bool { return len(data) > 0 && data[0]>>5 == majorMap }
