package hybrid

import (
	"crypto/ecdh"
	"crypto/elliptic"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

// chunkDigits[n] is the width of n bytes written as a decimal number.
var chunkDigits = [8]int{0, 3, 5, 8, 10, 13, 15, 17}

var errDigits = errors.New("hybrid: not the digits of a phone code")

// EncodeDigits writes bytes as decimal digits: each seven bytes are one
// little-endian number of 17 digits, the rest is shorter by a fixed table.
func EncodeDigits(data []byte) string {
	var b strings.Builder
	b.Grow((len(data) + 6) / 7 * 17)
	for piece := range slices.Chunk(data, 7) {
		var word [8]byte
		copy(word[:], piece)
		fmt.Fprintf(&b, "%0*d", chunkDigits[len(piece)], binary.LittleEndian.Uint64(word[:]))
	}
	return b.String()
}

// DecodeDigits is the inverse of EncodeDigits. It refuses everything that
// EncodeDigits cannot have written.
func DecodeDigits(digits string) ([]byte, error) {
	if len(digits) > maxDigits {
		return nil, errDigits
	}
	out := make([]byte, 0, len(digits)/17*7+7)
	for len(digits) > 0 {
		piece := digits[:min(17, len(digits))]
		digits = digits[len(piece):]
		n := slices.Index(chunkDigits[:], len(piece))
		if n < 0 {
			return nil, errDigits
		}
		var value uint64
		for i := range len(piece) {
			if piece[i] < '0' || piece[i] > '9' {
				return nil, errDigits
			}
			value = value*10 + uint64(piece[i]-'0')
		}
		if value >= 1<<(8*n) {
			return nil, errDigits
		}
		var word [8]byte
		binary.LittleEndian.PutUint64(word[:], value)
		out = append(out, word[:n]...)
	}
	return out, nil
}

// QRCode is what the client shows and the phone reads. It holds the secret of
// the transaction, so it prints as nothing.
type QRCode struct {
	Point         []byte      // client's P-256 identity key, compressed, 33 bytes
	Secret        *mfa.Secret // 16 bytes
	KnownDomains  int         // tunnel domains the client knows; -1 when absent
	Timestamp     int64       // seconds since 1970; 0 when absent
	StateAssisted bool        // the client can take a link
	Request       Request     // never empty: GetAssertion stands for absent and unknown hints
	Key6          any         // nil, bool or []int, as it was written
	CBOR          []byte      // the map as it stands in the code
}

// ParseURI reads the text of a code. It fails with mfa not-a-phone-code when the
// text has another prefix (compared without case), and phone-code-damaged when
// what follows cannot be a code.
func ParseURI(uri string) (*QRCode, error) {
	if len(uri) < len(uriPrefix) || !strings.EqualFold(uri[:len(uriPrefix)], uriPrefix) {
		return nil, mfa.Fail(mfa.CodeNotPhoneCode)
	}
	data, err := DecodeDigits(uri[len(uriPrefix):])
	if err != nil {
		return nil, mfa.Fail(mfa.CodeCodeDamaged).Because(err)
	}
	return ParseQR(data)
}

// ParseQR reads the canonical CBOR map of a code. It fails with mfa
// phone-code-damaged. Unknown keys are ignored, so are unreadable values of the
// timestamp and of key 6, which nothing depends on.
func ParseQR(data []byte) (*QRCode, error) {
	q, err := parseQR(data)
	if err != nil {
		return nil, mfa.Fail(mfa.CodeCodeDamaged).Because(err)
	}
	return q, nil
}

func parseQR(data []byte) (*QRCode, error) {
	var fields map[any]ctapcbor.RawMessage
	if err := ctapcbor.Unmarshal(data, &fields); err != nil {
		return nil, fmt.Errorf("hybrid: code: %w", err)
	}
	if fields == nil {
		return nil, errors.New("hybrid: code: not a map")
	}
	q := &QRCode{KnownDomains: -1, Request: GetAssertion, CBOR: slices.Clone(data)}

	var secret []byte
	defer func() { clear(secret) }()
	if err := bytesField(fields, 0, compressedSize, &q.Point); err != nil {
		return nil, err
	}
	if err := bytesField(fields, 1, secretSize, &secret); err != nil {
		return nil, err
	}
	if _, err := q.Identity(); err != nil {
		return nil, err
	}
	q.Secret = mfa.NewSecret(secret)

	if raw, ok := fields[uint64(2)]; ok {
		var n uint64
		if err := typed(raw, majorUnsigned, &n); err != nil {
			return nil, err
		}
		q.KnownDomains = int(min(n, math.MaxInt))
	}
	if raw, ok := fields[uint64(3)]; ok {
		var t uint64
		if typed(raw, majorUnsigned, &t) == nil {
			q.Timestamp = int64(min(t, math.MaxInt64))
		}
	}
	if raw, ok := fields[uint64(4)]; ok {
		if err := typed(raw, majorSimple, &q.StateAssisted); err != nil {
			return nil, err
		}
	}
	if raw, ok := fields[uint64(5)]; ok {
		var hint Request
		if err := typed(raw, majorText, &hint); err != nil {
			return nil, err
		}
		switch hint {
		case MakeCredential, PresentCredential, IssueCredential:
			q.Request = hint
		}
	}
	if raw, ok := fields[uint64(6)]; ok {
		q.Key6 = parseKey6(raw)
	}
	return q, nil
}

// parseKey6 reads the boolean of Chromium before CTAP 2.2 and the list of
// channels of CTAP 2.3; anything else counts as absent.
func parseKey6(raw ctapcbor.RawMessage) any {
	var flag bool
	if typed(raw, majorSimple, &flag) == nil {
		return flag
	}
	var channels []int
	if typed(raw, majorArray, &channels) == nil {
		return channels
	}
	return nil
}

// Channels lists the transport channels the client offers: 0 the tunnel, 1 an
// L2CAP channel (CTAP 2.3).
func (q *QRCode) Channels() []int {
	if channels, ok := q.Key6.([]int); ok {
		return channels
	}
	return []int{0}
}

// Identity is the client's identity key; it fails when Point is not on the curve.
func (q *QRCode) Identity() (*ecdh.PublicKey, error) {
	if len(q.Point) != compressedSize {
		return nil, errPoint
	}
	x, y := elliptic.UnmarshalCompressed(elliptic.P256(), q.Point)
	if x == nil {
		return nil, errPoint
	}
	point := make([]byte, pointSize)
	point[0] = 4
	x.FillBytes(point[1:33])
	y.FillBytes(point[33:])
	return ecdh.P256().NewPublicKey(point)
}

// URI is the text of the code, in the capitals that an alphanumeric QR segment
// can hold.
func (q *QRCode) URI() string { return uriPrefix + EncodeDigits(q.CBOR) }

// Wipe forgets the secret.
func (q *QRCode) Wipe() {
	q.Secret.Wipe()
	clear(q.CBOR)
	q.CBOR = nil
}

// String shows nothing of the secret.
func (q *QRCode) String() string { return "[phone code]" }

// GoString shows nothing of the secret.
func (q *QRCode) GoString() string { return "[phone code]" }

// LogValue shows nothing of the secret.
func (q *QRCode) LogValue() slog.Value { return slog.StringValue("[phone code]") }

// NewQRCode makes the code of one transaction. It takes secret, 16 random bytes,
// over and zeroes it.
func NewQRCode(identity *ecdh.PublicKey, secret []byte, r Request, now time.Time, stateAssisted bool) *QRCode {
	point := identity.Bytes()
	compressed := append([]byte{2 | point[64]&1}, point[1:33]...)
	q := &QRCode{
		Point:         compressed,
		Secret:        mfa.NewSecret(secret),
		KnownDomains:  AssignedDomains,
		Timestamp:     max(0, now.Unix()),
		StateAssisted: stateAssisted,
		Request:       r,
	}
	q.encode(-1, nil)
	return q
}

// encode writes the map from the fields. extra is the unknown key of a client
// that keeps readers tolerant; a negative key leaves it out.
func (q *QRCode) encode(extraKey int64, extra any) {
	fields := map[int64]any{
		0: q.Point,
		1: q.Secret.Bytes(),
		2: q.KnownDomains,
		3: q.Timestamp,
		4: q.StateAssisted,
		5: string(q.Request),
	}
	if extraKey >= 0 {
		fields[extraKey] = extra
	}
	q.CBOR = ctapcbor.MustMarshal(fields)
}
