package hybrid

import (
	"fmt"

	"github.com/keyferry/keyferry/backend/ctapcbor"
)

// CBOR major types, the upper three bits of an item. The decoder converts
// between some types (an integer into a float, null into anything), which the
// maps of this protocol do not allow; so the type is checked first.
const (
	majorUnsigned = 0
	majorBytes    = 2
	majorText     = 3
	majorArray    = 4
	majorMap      = 5
	majorSimple   = 7
)

// typed decodes one item that must be of the given major type.
func typed(raw ctapcbor.RawMessage, major byte, v any) error {
	if len(raw) == 0 || raw[0]>>5 != major || raw[0] == cborNull || raw[0] == cborUndefined {
		return fmt.Errorf("hybrid: CBOR item is not of major type %d", major)
	}
	return ctapcbor.UnmarshalLoose(raw, v)
}

const (
	cborNull      = 0xf6
	cborUndefined = 0xf7
)

// bytesField takes a byte string of an exact size that must be there.
func bytesField(fields map[any]ctapcbor.RawMessage, key uint64, size int, v *[]byte) error {
	if err := typed(fields[key], majorBytes, v); err != nil {
		return fmt.Errorf("key %d: %w", key, err)
	}
	if len(*v) != size {
		return fmt.Errorf("hybrid: key %d has %d bytes, not %d", key, len(*v), size)
	}
	return nil
}
