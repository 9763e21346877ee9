package hybrid

import (
	"crypto/ecdh"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/keyferry/keyferry/backend/ctapcbor"
)

// Link is what a phone gives so that it can be rung later without a code.
type Link struct {
	ContactID []byte // opaque, at most 2048 bytes
	LinkID    []byte // 8 bytes
	Secret    []byte // 32 bytes
	PublicKey []byte // 65 bytes, the phone's static P-256 key
	Name      string // as the phone calls itself; stripped of control characters and cut to 128 bytes
	Signature []byte // 32 bytes
}

var (
	errUpdate        = errors.New("hybrid: not an update")
	errLink          = errors.New("hybrid: link is malformed")
	errLinkSignature = errors.New("hybrid: link signature is wrong")
)

// ParseUpdate reads the body of an update and gives the linking map in it, or
// nil when the phone sent padding only. It refuses what is no update; whether
// the linking map is good is ParseLink's to say.
func ParseUpdate(body []byte) (linking ctapcbor.RawMessage, err error) {
	var fields map[any]ctapcbor.RawMessage
	if decodeMap(body, &fields) != nil {
		return nil, errUpdate
	}
	linking, ok := fields[uint64(1)]
	if ok && !isMap(linking) {
		return nil, errUpdate
	}
	return linking, nil
}

// ParseLink reads a linking map. The signature is not yet checked.
func ParseLink(linking []byte) (*Link, error) {
	var fields map[any]ctapcbor.RawMessage
	if decodeMap(linking, &fields) != nil {
		return nil, errLink
	}
	l := new(Link)
	if err := typed(fields[uint64(1)], majorBytes, &l.ContactID); err != nil {
		return nil, err
	}
	if len(l.ContactID) == 0 || len(l.ContactID) > maxContactID {
		return nil, errLink
	}
	for _, f := range []struct {
		key  uint64
		size int
		v    *[]byte
	}{
		{2, linkIDSize, &l.LinkID},
		{3, linkSecretSize, &l.Secret},
		{4, pointSize, &l.PublicKey},
		{6, sha256.Size, &l.Signature},
	} {
		if err := bytesField(fields, f.key, f.size, f.v); err != nil {
			return nil, err
		}
	}
	if _, err := ecdh.P256().NewPublicKey(l.PublicKey); err != nil {
		return nil, errPoint
	}
	if err := typed(fields[uint64(5)], majorText, &l.Name); err != nil {
		return nil, err
	}
	l.Name = cleanName(l.Name)
	return l, nil
}

// cleanName makes a name from outside fit to be shown: no control or layout
// characters, bounded.
func cleanName(name string) string {
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, name)
	for len(name) > maxPhoneName {
		_, size := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-size]
	}
	return strings.TrimSpace(name)
}

// SignLink is the signature over a link: HMAC of the handshake hash under the
// secret shared by the client's identity key and the phone's static key. The
// private half of either and the public half of the other give the same.
func SignLink(private *ecdh.PrivateKey, public *ecdh.PublicKey, handshakeHash []byte) ([]byte, error) {
	shared, err := private.ECDH(public)
	if err != nil {
		return nil, err
	}
	defer clear(shared)
	mac := hmac.New(sha256.New, shared)
	mac.Write(handshakeHash)
	return mac.Sum(nil), nil
}

// VerifyLink checks a link against the client's identity key, in constant time.
// A link that fails must not be stored.
func VerifyLink(identity *ecdh.PrivateKey, l *Link, handshakeHash []byte) error {
	phone, err := ecdh.P256().NewPublicKey(l.PublicKey)
	if err != nil {
		return errPoint
	}
	want, err := SignLink(identity, phone, handshakeHash)
	if err != nil {
		return err
	}
	if !hmac.Equal(want, l.Signature) {
		return errLinkSignature
	}
	return nil
}

// PhoneLink is a link as the phone keeps it.
type PhoneLink struct {
	ContactID []byte // where the phone is reached; see push.go for our own phones
	LinkID    []byte // 8 bytes
	Secret    []byte // 32 bytes
	Identity  *ecdh.PrivateKey
	Name      string // what the client shows
}

// NewPhoneLink makes a link with random values.
func NewPhoneLink(random io.Reader, contactID []byte, name string) (*PhoneLink, error) {
	random = orRandom(random)
	identity, err := newKey(random)
	if err != nil {
		return nil, err
	}
	id, err := newBytes(random, linkIDSize)
	if err != nil {
		return nil, err
	}
	secret, err := newBytes(random, linkSecretSize)
	if err != nil {
		return nil, err
	}
	return &PhoneLink{ContactID: contactID, LinkID: id, Secret: secret, Identity: identity, Name: name}, nil
}

// update writes the body of an update that carries the link, signed for one
// transaction. A nil link gives an update of padding only.
func (l *PhoneLink) update(client *ecdh.PublicKey, handshakeHash []byte) ([]byte, error) {
	fields := map[int]any{}
	if l != nil {
		signature, err := SignLink(l.Identity, client, handshakeHash)
		if err != nil {
			return nil, err
		}
		fields[1] = map[int]any{
			1: l.ContactID,
			2: l.LinkID,
			3: l.Secret,
			4: l.Identity.PublicKey().Bytes(),
			5: l.Name,
			6: signature,
		}
	}
	// An update with and one without a link must not be told apart by the
	// relay, so both are filled up to the same size where they fit.
	plain := len(ctapcbor.MustMarshal(fields))
	fields[0] = make([]byte, max(0, updateSize-plain-4))
	return ctapcbor.MustMarshal(fields), nil
}

// updateSize is the length that Chromium's phone code pads updates to.
const updateSize = 512

// ClientPayload is the canonical CBOR map that rings a linked phone.
func ClientPayload(linkID, clientNonce []byte, r Request) []byte {
	return ctapcbor.MustMarshal(map[int]any{1: linkID, 2: clientNonce, 3: string(r)})
}

// ClientPayloadHeader is the name and the value of the header that carries it.
func ClientPayloadHeader(linkID, clientNonce []byte, r Request) (name, value string) {
	return headerClientPayload, hex.EncodeToString(ClientPayload(linkID, clientNonce, r))
}

// ParseClientPayload reads what ClientPayload wrote.
func ParseClientPayload(payload []byte) (linkID, clientNonce []byte, r Request, err error) {
	var fields map[any]ctapcbor.RawMessage
	if err := decodeMap(payload, &fields); err != nil {
		return nil, nil, "", err
	}
	if err := bytesField(fields, 1, linkIDSize, &linkID); err != nil {
		return nil, nil, "", err
	}
	if err := bytesField(fields, 2, clientNonceSize, &clientNonce); err != nil {
		return nil, nil, "", err
	}
	if err := typed(fields[uint64(3)], majorText, &r); err != nil {
		return nil, nil, "", fmt.Errorf("key 3: %w", err)
	}
	if r != MakeCredential {
		r = GetAssertion
	}
	return linkID, clientNonce, r, nil
}
