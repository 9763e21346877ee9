package ctapcbor

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// Limits of one message. An attestation with a long certificate chain stays
// below 32 KiB; 1 MiB is what Chromium accepts of one tunnel message.
const (
	MaxSize     = 1 << 20
	MaxDepth    = 4
	maxElements = 2048
	maxPairs    = 256
	// maxItems bounds a whole message. A decoded item costs hundreds of bytes of
	// memory for one byte on the wire, so nested lists need a bound in all.
	maxItems = 1 << 14
)

var (
	// ErrSize says that the input is longer than MaxSize.
	ErrSize = errors.New("ctapcbor: longer than 1 MiB")
	// ErrItems says that the input holds more than 16,384 items.
	ErrItems = errors.New("ctapcbor: too many items")
	// ErrNotCanonical says that the input is CBOR, but not in CTAP2's canonical form.
	ErrNotCanonical = errors.New("ctapcbor: not in canonical form")
)

// RawMessage is one encoded item, kept as it came.
type RawMessage = cbor.RawMessage

var encMode, decMode = modes()

func modes() (cbor.EncMode, cbor.DecMode) {
	enc, err := cbor.CTAP2EncOptions().EncMode()
	if err != nil {
		panic(err)
	}
	dec, err := cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      cbor.IndefLengthForbidden,
		TagsMd:           cbor.TagsForbidden,
		MaxNestedLevels:  MaxDepth,
		MaxArrayElements: maxElements,
		MaxMapPairs:      maxPairs,
		UTF8:             cbor.UTF8RejectInvalid,
		MapKeyByteString: cbor.MapKeyByteStringForbidden,
		// "ID" is not "id": a loose match would let a message say one thing twice.
		FieldNameMatching: cbor.FieldNameMatchingCaseSensitive,
	}.DecMode()
	if err != nil {
		panic(err)
	}
	return enc, dec
}

// Marshal encodes v canonically.
func Marshal(v any) ([]byte, error) { return encMode.Marshal(v) }

// MustMarshal encodes a value whose type is known to be encodable.
func MustMarshal(v any) []byte {
	b, err := encMode.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("ctapcbor: %T cannot be encoded: %v", v, err))
	}
	return b
}

// UnmarshalLoose decodes one item that need not be sorted or shortest.
func UnmarshalLoose(data []byte, v any) error {
	if err := bounded(data); err != nil {
		return err
	}
	return decMode.Unmarshal(data, v)
}

// Unmarshal decodes one item and refuses it unless every byte is as Marshal
// would have written it.
func Unmarshal(data []byte, v any) error {
	if err := Canonical(data); err != nil {
		return err
	}
	return decMode.Unmarshal(data, v)
}

// Canonical reports why data is not one canonical item, or nil.
func Canonical(data []byte) error {
	var item any
	if err := UnmarshalLoose(data, &item); err != nil {
		return err
	}
	again, err := encMode.Marshal(item)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotCanonical, err)
	}
	if !bytes.Equal(again, data) {
		return ErrNotCanonical
	}
	return nil
}

// First splits the first item off data, for the places where CTAP puts bytes
// behind an item (authenticator data, advert suffix). Bounds are those of
// UnmarshalLoose.
func First(data []byte) (item, rest []byte, err error) {
	if err := bounded(data); err != nil {
		return nil, nil, err
	}
	var raw cbor.RawMessage
	rest, err = decMode.UnmarshalFirst(data, &raw)
	if err != nil {
		return nil, nil, err
	}
	return raw, rest, nil
}

// bounded counts the items without decoding them: headers follow one another,
// whatever their nesting. What is not well-formed is left to the decoder.
func bounded(data []byte) error {
	if len(data) > MaxSize {
		return ErrSize
	}
	for items := 0; len(data) > 0; items++ {
		if items == maxItems {
			return ErrItems
		}
		major, extra := data[0]>>5, int(data[0]&0x1f)
		data = data[1:]
		argument := uint64(extra)
		if extra >= 24 {
			size := 1 << (extra - 24)
			if extra > 27 || len(data) < size {
				return nil
			}
			argument = 0
			for _, b := range data[:size] {
				argument = argument<<8 | uint64(b)
			}
			data = data[size:]
		}
		if isString := major == 2 || major == 3; isString {
			if argument > uint64(len(data)) {
				return nil
			}
			data = data[argument:]
		}
	}
	return nil
}
