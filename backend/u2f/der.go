package u2f

import (
	"errors"
	"fmt"
)

// An ECDSA signature on P-256: two integers of 1 to 33 bytes, each with its
// header, in a sequence with its header.
const (
	minSignature = 2 + 2*(2+1)
	maxSignature = 2 + 2*(2+33)
)

// sequence gives the length of the DER sequence at the front of b, header
// included. Only the header is read: what is inside is for those who trust it.
func sequence(b []byte) (int, error) {
	const tag, long1, long2 = 0x30, 0x81, 0x82
	if len(b) < 2 || b[0] != tag {
		return 0, errors.New("not a DER sequence")
	}
	head, n := 2, int(b[1])
	switch {
	case n < 0x80:
	case n == long1 && len(b) > 2 && b[2] >= 0x80:
		head, n = 3, int(b[2])
	case n == long2 && len(b) > 3 && b[2] != 0:
		head, n = 4, int(b[2])<<8|int(b[3])
	default:
		return 0, errors.New("length of a DER sequence")
	}
	if n > len(b)-head {
		return 0, fmt.Errorf("a DER sequence of %d bytes in %d", head+n, len(b))
	}
	return head + n, nil
}

// checkSignature wants one DER sequence of the size of a signature, and nothing
// behind it.
func checkSignature(b []byte) error {
	n, err := sequence(b)
	if err != nil || n != len(b) || n < minSignature || n > maxSignature {
		return fmt.Errorf("%w: signature of %d bytes", errMessage, len(b))
	}
	return nil
}
