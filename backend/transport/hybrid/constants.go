package hybrid

import "time"

// Request is the hint in the code: what the phone's screen says first. It does
// not restrict what the client may ask for later.
type Request string

const (
	GetAssertion   Request = "ga"
	MakeCredential Request = "mc"
	// Digital credentials, presentation and issuance. Read in other people's
	// codes, never written in ours.
	PresentCredential Request = "dcp"
	IssueCredential   Request = "dci"
)

// Purpose is the info value of one key derivation (CTAP 2.2 section 11.5.1).
type Purpose uint32

const (
	PurposeEIDKey        Purpose = 1 // 64 bytes: AES-256 key, then HMAC key
	PurposeTunnelID      Purpose = 2 // 16 bytes
	PurposePSK           Purpose = 3 // 32 bytes
	PurposePairedSecret  Purpose = 4 // 32 bytes, inside a phone
	PurposeIdentitySeed  Purpose = 5 // 32 bytes, inside a phone
	PurposeContactSecret Purpose = 6 // 32 bytes, inside a phone
)

// Sizes in bytes.
const (
	pointSize       = 65 // X9.62, uncompressed
	compressedSize  = 33
	secretSize      = 16 // in the code
	linkSecretSize  = 32
	linkIDSize      = 8
	clientNonceSize = 16
	eidKeySize      = 64
	eidSize         = 16
	eidTagSize      = 4
	routingIDSize   = 3
	tunnelIDSize    = 16
	keySize         = 32
	tagSize         = 16 // of AES-GCM
	handshakeSize   = pointSize + tagSize
	paddingBlock    = 32
)

// Bounds on what strangers may send.
const (
	// MaxMessage is the longest tunnel message taken: Chromium's limit.
	MaxMessage = 1 << 20
	// MaxMessages is how many messages one transaction may have in each direction.
	MaxMessages = 64
	// maxReceived bounds all messages of one transaction together, so that a
	// hostile relay cannot make us hold 64 of the longest.
	maxReceived = 4 * MaxMessage
	// maxCounter is where a traffic key is used up (Chromium).
	maxCounter = 1<<24 - 1
	// maxContactID keeps the contact URL below what HTTP servers take.
	maxContactID = 2048
	// maxPhoneName is in bytes of UTF-8; a longer name is cut.
	maxPhoneName = 128
	// maxDigits is what the largest QR symbol can hold.
	maxDigits = 7089
	// maxRedirects of one upgrade request.
	maxRedirects = 5
	// upgradeTries counts attempts that ended in network errors.
	upgradeTries = 2
	// writeTime bounds one write to the relay.
	writeTime = 10 * time.Second
	// codeAge is how old a code may be before the phone says so in its log. The
	// clocks of two devices differ, so it is no reason to refuse.
	codeAge = 5 * time.Minute
)

// Text of the tunnel service's HTTP side.
const (
	uriPrefix   = "FIDO:/"
	subprotocol = "fido.cable"

	headerClientPayload = "X-caBLE-Client-Payload"
	headerRoutingID     = "X-caBLE-Routing-ID"
	headerSignal        = "X-caBLE-Signal-Connection"
)

// AssignedDomains is how many tunnel server IDs have a name given by the
// specification; it goes into the code as key 2.
const AssignedDomains = 2

// Timers are the limits of one transaction. A zero field means its default.
type Timers struct {
	Code          time.Duration // code shown, no advert heard: 120 s, the life of a tunnel
	Upgrade       time.Duration // one attempt to open the WebSocket: 10 s
	Handshake     time.Duration // client: for message 2: 10 s
	PostHandshake time.Duration // client: for the post-handshake message: 10 s
	Answer        time.Duration // client: for the answer to a CTAP request: 5 min; the caller's context may end it sooner
	LinkedAdvert  time.Duration // client: linked phone's advert after the socket is open: 30 s
	Update        time.Duration // client: for updates after shutdown, in the background: 3 min
	ClientConnect time.Duration // phone: for message 1 after the advert starts: 60 s
	NextRequest   time.Duration // phone: for the first request, or for a further one or the shutdown after an answer: 60 s
}

func (t Timers) withDefaults() Timers {
	for _, f := range []struct {
		d        *time.Duration
		standard time.Duration
	}{
		{&t.Code, 120 * time.Second},
		{&t.Upgrade, 10 * time.Second},
		{&t.Handshake, 10 * time.Second},
		{&t.PostHandshake, 10 * time.Second},
		{&t.Answer, 5 * time.Minute},
		{&t.LinkedAdvert, 30 * time.Second},
		{&t.Update, 3 * time.Minute},
		{&t.ClientConnect, 60 * time.Second},
		{&t.NextRequest, 60 * time.Second},
	} {
		if *f.d == 0 {
			*f.d = f.standard
		}
	}
	return t
}
