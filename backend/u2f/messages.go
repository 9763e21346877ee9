package u2f

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// The instructions (FIDO U2F Raw Message Formats section 3.1.1).
const (
	INSRegister     byte = 0x01
	INSAuthenticate byte = 0x02
	INSVersion      byte = 0x03
)

// What an AuthenticateRequest wants (FIDO U2F Raw Message Formats section 5.1).
const (
	CheckOnly        byte = 0x07 // is the handle known? The answer is always a refusal
	TouchAndSign     byte = 0x03
	SignWithoutTouch byte = 0x08
)

// Version is what a key of this protocol answers to VersionCommand.
const Version = "U2F_V2"

const (
	hashSize      = 32
	pointSize     = 65 // 04, x, y
	registered    = 0x05
	maxHandle     = 255     // its length has one byte
	maxRegister   = 8 << 10 // more than one message over USB can hold
	presenceBit   = 0x01
	authenticated = 1 + 4 // presence, counter
)

var errMessage = errors.New("u2f: message")

// fault is why a command was not taken, with the status word that answers it.
type fault struct {
	status StatusWord
	what   string
}

func (f *fault) Error() string { return fmt.Sprintf("%v: %s", errMessage, f.what) }
func (f *fault) Unwrap() error { return f.status }

// StatusOf is the status word that answers an error of a Decode...Request
// function; StatusOther for foreign errors, StatusOK for nil.
func StatusOf(err error) StatusWord {
	var s StatusWord
	switch {
	case err == nil:
		return StatusOK
	case errors.As(err, &s):
		return s
	default:
		return StatusOther
	}
}

func command(ins, p1 byte, data []byte) Command {
	return Command{INS: ins, P1: p1, Data: data, Expected: maxExtended + 1, Extended: true}
}

// VersionCommand asks which protocol the key speaks: see Version.
func VersionCommand() Command { return command(INSVersion, 0, nil) }

// RegisterRequest asks for a new key pair, with a touch.
type RegisterRequest struct {
	Challenge   [hashSize]byte // the hash of the client data
	Application [hashSize]byte // the hash of the RP ID, or of an AppID
}

// EncodeRegisterRequest makes the command.
func EncodeRegisterRequest(r RegisterRequest) Command {
	return command(INSRegister, 0, append(r.Challenge[:len(r.Challenge):len(r.Challenge)], r.Application[:]...))
}

// DecodeRegisterRequest reads the command as a key does. P1 and P2 are not
// looked at: clients differ in what they write there.
func DecodeRegisterRequest(c Command) (RegisterRequest, error) {
	if err := named(c, INSRegister); err != nil {
		return RegisterRequest{}, err
	}
	if len(c.Data) != 2*hashSize {
		return RegisterRequest{}, &fault{StatusWrongLength, fmt.Sprintf("register with %d bytes", len(c.Data))}
	}
	return RegisterRequest{Challenge: [hashSize]byte(c.Data), Application: [hashSize]byte(c.Data[hashSize:])}, nil
}

// RegisterResponse is the new key pair and what vouches for it (FIDO U2F Raw
// Message Formats section 4.3).
type RegisterResponse struct {
	PublicKey   [pointSize]byte // P-256, uncompressed; that it is on the curve is not checked here
	KeyHandle   []byte          // 1 to 255 bytes
	Certificate []byte          // X.509 in DER, of which only the length is read here
	Signature   []byte          // DER, over SignedRegistration
}

// EncodeRegisterResponse writes the data before the status word.
func EncodeRegisterResponse(r RegisterResponse) ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	out := append([]byte{registered}, r.PublicKey[:]...)
	out = append(append(out, byte(len(r.KeyHandle))), r.KeyHandle...)
	return append(append(out, r.Certificate...), r.Signature...), nil
}

// DecodeRegisterResponse reads the data before the status word, to its last
// byte. The parts are copies.
func DecodeRegisterResponse(data []byte) (RegisterResponse, error) {
	var r RegisterResponse
	if len(data) < 1+pointSize+1 || len(data) > maxRegister || data[0] != registered {
		return r, fmt.Errorf("%w: registration of %d bytes", errMessage, len(data))
	}
	r.PublicKey = [pointSize]byte(data[1:])
	n := int(data[1+pointSize])
	rest := data[1+pointSize+1:]
	if n > len(rest) {
		return r, fmt.Errorf("%w: key handle of %d bytes", errMessage, n)
	}
	r.KeyHandle, rest = slices.Clone(rest[:n]), rest[n:]
	n, err := sequence(rest)
	if err != nil {
		return r, fmt.Errorf("%w: certificate: %w", errMessage, err)
	}
	r.Certificate, r.Signature = slices.Clone(rest[:n]), slices.Clone(rest[n:])
	return r, r.check()
}

func (r RegisterResponse) check() error {
	if r.PublicKey[0] != 4 || len(r.KeyHandle) == 0 || len(r.KeyHandle) > maxHandle {
		return fmt.Errorf("%w: key %02x, handle of %d bytes", errMessage, r.PublicKey[0], len(r.KeyHandle))
	}
	if n, err := sequence(r.Certificate); err != nil || n != len(r.Certificate) {
		return fmt.Errorf("%w: certificate of %d bytes", errMessage, len(r.Certificate))
	}
	return checkSignature(r.Signature)
}

// SignedRegistration is what the signature of a RegisterResponse is over.
func SignedRegistration(r RegisterRequest, publicKey [pointSize]byte, keyHandle []byte) []byte {
	out := append([]byte{0}, r.Application[:]...)
	out = append(append(out, r.Challenge[:]...), keyHandle...)
	return append(out, publicKey[:]...)
}

// AuthenticateRequest asks for a signature, or whether the handle is known.
type AuthenticateRequest struct {
	Control     byte // CheckOnly, TouchAndSign, SignWithoutTouch
	Challenge   [hashSize]byte
	Application [hashSize]byte
	KeyHandle   []byte // 1 to 255 bytes
}

// EncodeAuthenticateRequest makes the command.
func EncodeAuthenticateRequest(r AuthenticateRequest) (Command, error) {
	if len(r.KeyHandle) == 0 || len(r.KeyHandle) > maxHandle {
		return Command{}, &fault{StatusUnknownHandle, fmt.Sprintf("key handle of %d bytes", len(r.KeyHandle))}
	}
	data := append(r.Challenge[:len(r.Challenge):len(r.Challenge)], r.Application[:]...)
	data = append(append(data, byte(len(r.KeyHandle))), r.KeyHandle...)
	return command(INSAuthenticate, r.Control, data), nil
}

// DecodeAuthenticateRequest reads the command as a key does.
func DecodeAuthenticateRequest(c Command) (AuthenticateRequest, error) {
	if err := named(c, INSAuthenticate); err != nil {
		return AuthenticateRequest{}, err
	}
	const head = 2*hashSize + 1
	if len(c.Data) < head || len(c.Data) != head+int(c.Data[head-1]) {
		return AuthenticateRequest{}, &fault{StatusWrongLength, fmt.Sprintf("authenticate with %d bytes", len(c.Data))}
	}
	r := AuthenticateRequest{Control: c.P1, Challenge: [hashSize]byte(c.Data), Application: [hashSize]byte(c.Data[hashSize:]), KeyHandle: slices.Clone(c.Data[head:])}
	if r.Control != CheckOnly && r.Control != TouchAndSign && r.Control != SignWithoutTouch || len(r.KeyHandle) == 0 {
		return AuthenticateRequest{}, &fault{StatusUnknownHandle, fmt.Sprintf("authenticate with control %02x", r.Control)}
	}
	return r, nil
}

// AuthenticateResponse is a signature (FIDO U2F Raw Message Formats section 5.4).
type AuthenticateResponse struct {
	Presence  byte // bit 0: touched
	Counter   uint32
	Signature []byte // DER, over SignedAssertion
}

// EncodeAuthenticateResponse writes the data before the status word.
func EncodeAuthenticateResponse(r AuthenticateResponse) ([]byte, error) {
	if err := checkSignature(r.Signature); err != nil {
		return nil, err
	}
	return append(binary.BigEndian.AppendUint32([]byte{r.Presence}, r.Counter), r.Signature...), nil
}

// DecodeAuthenticateResponse reads the data before the status word, to its last
// byte. The signature is a copy.
func DecodeAuthenticateResponse(data []byte) (AuthenticateResponse, error) {
	if len(data) < authenticated {
		return AuthenticateResponse{}, fmt.Errorf("%w: signature in %d bytes", errMessage, len(data))
	}
	r := AuthenticateResponse{data[0], binary.BigEndian.Uint32(data[1:]), slices.Clone(data[authenticated:])}
	return r, checkSignature(r.Signature)
}

// SignedAssertion is what the signature of an AuthenticateResponse is over. It is
// also what WebAuthn has signed: authenticator data and the client data's hash.
func SignedAssertion(r AuthenticateRequest, presence byte, counter uint32) []byte {
	out := append(r.Application[:len(r.Application):len(r.Application)], presence)
	return append(binary.BigEndian.AppendUint32(out, counter), r.Challenge[:]...)
}

// named holds a command to class and instruction.
func named(c Command, ins byte) error {
	switch {
	case c.CLA != 0:
		return &fault{StatusUnknownCLA, fmt.Sprintf("class %02x", c.CLA)}
	case c.INS != ins:
		return &fault{StatusUnknownINS, fmt.Sprintf("instruction %02x", c.INS)}
	}
	return nil
}
