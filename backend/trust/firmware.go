package trust

import (
	"crypto/x509"
	"encoding/asn1"
	"math"
)

// oidFirmware is id-fido-gen-ce-fw-version (WebAuthn Level 3 section 8.2.1): an
// INTEGER that counts up with the firmware, comparable with authenticatorVersion in
// metadata. Makers' own extensions are not read: how their numbers compare with
// metadata's is nowhere promised.
var oidFirmware = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 45724, 1, 1, 5}

// firmwareOf reads the firmware version in an attestation certificate; 0 when it
// says none, or nothing that 32 bits hold.
func firmwareOf(leaf *x509.Certificate) uint32 {
	for _, extension := range leaf.Extensions {
		if !extension.Id.Equal(oidFirmware) {
			continue
		}
		var version int64
		if rest, err := asn1.Unmarshal(extension.Value, &version); err != nil || len(rest) != 0 || version < 0 || version > math.MaxUint32 {
			return 0
		}
		return uint32(version)
	}
	return 0
}
