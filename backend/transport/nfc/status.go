package nfc

import (
	"encoding/binary"
	"fmt"

	"github.com/keyferry/keyferry/backend/mfa"
)

// status is a status word (ISO/IEC 7816-4 section 5.6).
type status uint16

const (
	statusOK             status = 0x9000
	statusUpdate         status = 0x9100 // CTAP 2.2 section 11.3.7.2: ask again
	statusMore           status = 0x6100 // low byte: how much, 0 for 256 or more
	statusWrongLength    status = 0x6700
	statusLastExpected   status = 0x6883
	statusNoChaining     status = 0x6884
	statusNoConditions   status = 0x6985
	statusNotAllowed     status = 0x6986
	statusWrongData      status = 0x6A80
	statusNoFunction     status = 0x6A81
	statusNotFound       status = 0x6A82
	statusWrongP1P2      status = 0x6A86
	statusWrongP1P2Plain status = 0x6B00
	statusWrongLe        status = 0x6C00 // low byte: the right Le
	statusNoInstruction  status = 0x6D00
	statusNoClass        status = 0x6E00
	statusFault          status = 0x6F00
)

func (s status) high() status   { return s & 0xFF00 }
func (s status) low() byte      { return byte(s) }
func (s status) String() string { return fmt.Sprintf("%04X", uint16(s)) }

// append puts the status word behind the data of a response.
func (s status) append(data []byte) []byte { return binary.BigEndian.AppendUint16(data, uint16(s)) }

// failure says what a status word means that a CTAP2 command should not be answered
// with. An applet that is not there any more was lost by a reset of the card, or to
// another program; a command that is not allowed wants a touch, which over NFC is to be
// laid down (CTAP 2.2 section 11.3.1), or an applet that is selected. All are mended by
// laying the key on the reader again.
func (s status) failure() *mfa.Failure {
	err := fmt.Errorf("nfc: status word %v", s)
	switch s {
	case statusNotFound, statusNoConditions, statusNotAllowed:
		return mfa.Fail(mfa.CodeKeyLost).Because(err)
	case statusFault:
		return mfa.Fail(mfa.CodeKeyFailed).Because(err)
	}
	return mfa.Fail(mfa.CodeKeyProtocol, "what", "SW "+s.String()).Because(err)
}

// broken is the failure of a card that does not keep to the protocol.
func broken(what string) *mfa.Failure {
	return mfa.Fail(mfa.CodeKeyProtocol, "what", what).Because(fmt.Errorf("nfc: %s", what))
}
