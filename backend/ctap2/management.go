package ctap2

import "github.com/keyferry/keyferry/backend/ctapcbor"

// The subcommands of authenticatorCredentialManagement (CTAP 2.2 section 6.8).
const (
	ManagementMetadata        uint64 = 0x01
	ManagementRPsBegin        uint64 = 0x02
	ManagementRPsNext         uint64 = 0x03
	ManagementCredentialsOf   uint64 = 0x04
	ManagementCredentialsNext uint64 = 0x05
	ManagementDelete          uint64 = 0x06
	ManagementUpdateUser      uint64 = 0x07
)

// CredentialManagementRequest is authenticatorCredentialManagement. The prototype
// command 0x41 has the same members. Members without a value are not written.
type CredentialManagementRequest struct {
	Subcommand        uint64                         // 01
	RPIDHash          []byte                         // 02, 01: 32 bytes
	Credential        *PublicKeyCredentialDescriptor // 02, 02
	User              *User                          // 02, 03
	PinUvAuthProtocol uint64                         // 03
	PinUvAuthParam    []byte                         // 04: over AuthMessage

	params ctapcbor.RawMessage // 02 as it came, with members that are unknown here
}

// AuthMessage is what PinUvAuthParam is made over: the subcommand, and its
// parameters as they are written.
func (r CredentialManagementRequest) AuthMessage() []byte {
	params := r.params
	if params == nil {
		if m := r.parameters(); len(m) > 0 {
			params = ctapcbor.MustMarshal(m)
		}
	}
	return append([]byte{byte(r.Subcommand)}, params...)
}

func (r CredentialManagementRequest) parameters() message {
	m := message{}
	m.put(1, r.RPIDHash, r.RPIDHash != nil)
	if r.Credential != nil {
		m[2] = r.Credential.message()
	}
	if r.User != nil {
		m[3] = r.User.message()
	}
	return m
}

// EncodeCredentialManagementRequest writes the parameters, without the command byte.
func EncodeCredentialManagementRequest(r CredentialManagementRequest) ([]byte, error) {
	m := message{1: r.Subcommand}
	if params := r.parameters(); len(params) > 0 {
		m[2] = params
	}
	m.put(3, r.PinUvAuthProtocol, r.PinUvAuthProtocol != 0)
	m.put(4, r.PinUvAuthParam, r.PinUvAuthParam != nil)
	return ctapcbor.Marshal(m)
}

// DecodeCredentialManagementRequest reads the parameters, without the command
// byte, as an authenticator does: canonical CBOR only. StatusOf gives the status of
// an error.
func DecodeCredentialManagementRequest(data []byte) (CredentialManagementRequest, error) {
	f, err := openMap(data, "credentialManagement", true)
	if err != nil {
		return CredentialManagementRequest{}, err
	}
	f.need(1)
	r := CredentialManagementRequest{
		Subcommand:        f.uint(1),
		PinUvAuthProtocol: f.uint(3),
		PinUvAuthParam:    f.bytes(4, 0, 64),
		params:            f.raw(2),
	}
	if r.Subcommand > 0xff {
		f.fail(StatusInvalidSubcommand, 1)
	}
	if in, ok := f.inside(2); ok {
		r.RPIDHash = in.bytes(1, rpIDHashSize, rpIDHashSize)
		if credential, ok := in.inside(2); ok {
			d := readDescriptor(credential)
			r.Credential = &d
		}
		if user, ok := in.inside(3); ok {
			u := readUser(user)
			r.User = &u
		}
	}
	return r, f.err()
}

// CredentialManagementResponse is the answer to
// authenticatorCredentialManagement. Deleting and updating answer with the status
// alone.
type CredentialManagementResponse struct {
	Stored            *uint64                        // 01: discoverable credentials that exist
	Room              *uint64                        // 02: how many more there may be at most
	RP                *RelyingParty                  // 03
	RPIDHash          []byte                         // 04: 32 bytes
	TotalRPs          *uint64                        // 05: with the first
	User              *User                          // 06
	Credential        *PublicKeyCredentialDescriptor // 07
	PublicKey         ctapcbor.RawMessage            // 08: COSE_Key, canonical: see ParsePublicKey
	TotalCredentials  *uint64                        // 09: with the first
	Protect           uint64                         // 0A: credProtect, 0 when absent
	LargeBlobKey      []byte                         // 0B
	ThirdPartyPayment *bool                          // 0C
}

// EncodeCredentialManagementResponse writes the data behind the status byte;
// nothing when there is no member.
func EncodeCredentialManagementResponse(r CredentialManagementResponse) ([]byte, error) {
	m := message{}
	m.put(1, r.Stored, r.Stored != nil)
	m.put(2, r.Room, r.Room != nil)
	if r.RP != nil {
		m[3] = r.RP.message()
	}
	m.put(4, r.RPIDHash, r.RPIDHash != nil)
	m.put(5, r.TotalRPs, r.TotalRPs != nil)
	if r.User != nil {
		m[6] = r.User.message()
	}
	if r.Credential != nil {
		m[7] = r.Credential.message()
	}
	m.put(8, r.PublicKey, len(r.PublicKey) > 0)
	m.put(9, r.TotalCredentials, r.TotalCredentials != nil)
	m.put(10, r.Protect, r.Protect != 0)
	m.put(11, r.LargeBlobKey, r.LargeBlobKey != nil)
	m.put(12, r.ThirdPartyPayment, r.ThirdPartyPayment != nil)
	if len(m) == 0 {
		return nil, nil
	}
	return ctapcbor.Marshal(m)
}

// DecodeCredentialManagementResponse reads the data behind the status byte, which
// may be nothing. Unknown members are passed over; nested maps come out canonical.
func DecodeCredentialManagementResponse(data []byte) (CredentialManagementResponse, error) {
	if len(data) == 0 {
		return CredentialManagementResponse{}, nil
	}
	f, err := openMap(data, "credentialManagement response", false)
	if err != nil {
		return CredentialManagementResponse{}, err
	}
	r := CredentialManagementResponse{
		Stored:            optional[uint64](f, 1),
		Room:              optional[uint64](f, 2),
		RPIDHash:          f.bytes(4, rpIDHashSize, rpIDHashSize),
		TotalRPs:          optional[uint64](f, 5),
		PublicKey:         f.raw(8),
		TotalCredentials:  optional[uint64](f, 9),
		Protect:           f.uint(10),
		LargeBlobKey:      f.bytes(11, 0, 64),
		ThirdPartyPayment: optional[bool](f, 12),
	}
	if in, ok := f.inside(3); ok {
		rp := readRelyingParty(in)
		r.RP = &rp
	}
	if in, ok := f.inside(6); ok {
		u := readUser(in)
		r.User = &u
	}
	if in, ok := f.inside(7); ok {
		d := readDescriptor(in)
		r.Credential = &d
	}
	if len(r.PublicKey) > maxCOSEKey {
		f.fail(StatusInvalidLength, 8)
	}
	return r, f.err()
}
