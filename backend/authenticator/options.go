package authenticator

import (
	"cmp"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Limits of a ceremony's time. Finding the phone, unlocking it and reading what
// it asks takes a while, so a shorter wish is raised.
const (
	minTimeout     = time.Minute
	maxTimeout     = 10 * time.Minute
	defaultTimeout = 5 * time.Minute // WebAuthn Level 3 section 15.1
)

// Values of the enumerations (WebAuthn Level 3 section 5.4 to 5.8). An unknown
// value counts as absent, as section 2.1.1 wants.
const (
	required    = "required"
	preferred   = "preferred"
	discouraged = "discouraged"
)

// creation is PublicKeyCredentialCreationOptions.
type creation struct {
	challenge        []byte
	rp               ctap2.RelyingParty
	user             ctap2.User
	parameters       []ctap2.CredentialParameters
	exclude          []known
	residentKey      string
	userVerification string
	platform         bool // only this machine's own authenticator is wanted
	attestation      string
	extensions       object
	prf              prf
	largeBlob        largeBlob
	timeout          time.Duration
	hints            []string
}

// request is PublicKeyCredentialRequestOptions.
type request struct {
	challenge        []byte
	rpID             string
	allow            []known
	restricted       bool // an allow list was given, even if nothing of it is left
	userVerification string
	prf              prf
	largeBlob        largeBlob
	timeout          time.Duration
	hints            []string
}

// parseCreation reads PublicKeyCredentialCreationOptionsJSON, bare or as member
// publicKey. Failures are invalid-input with the member's path as field, and
// unsupported-option for extension inputs of a sign-in.
func parseCreation(data []byte) (creation, error) {
	o, err := openOptions(data)
	if err != nil {
		return creation{}, err
	}
	o.need("challenge", "rp", "user", "pubKeyCredParams")
	rp, user, selection := o.inside("rp"), o.inside("user"), o.inside("authenticatorSelection")
	user.need("id")
	c := creation{
		challenge:        o.bytes("challenge", 16, 1024),
		rp:               ctap2.RelyingParty{ID: rp.text("id"), Name: rp.text("name")},
		user:             ctap2.User{ID: user.bytes("id", 1, 64), Name: user.text("name"), DisplayName: user.text("displayName")},
		exclude:          descriptors(o, "excludeCredentials"),
		residentKey:      oneOf(selection.text("residentKey")),
		userVerification: verification(selection),
		platform:         selection.text("authenticatorAttachment") == "platform",
		attestation:      o.text("attestation"),
		extensions:       o.inside("extensions"),
		timeout:          timeout(o),
		hints:            o.texts("hints"),
	}
	if c.residentKey == "" && selection.flag("requireResidentKey") {
		c.residentKey = required
	}
	for _, p := range o.each("pubKeyCredParams") {
		p.need("type", "alg")
		if p.text("type") == ctap2.PublicKeyType {
			c.parameters = append(c.parameters, ctap2.CredentialParameters{Type: ctap2.PublicKeyType, Alg: p.integer("alg")})
		}
	}
	if given, _ := member[[]any](o, "pubKeyCredParams"); len(given) == 0 {
		c.parameters = []ctap2.CredentialParameters{{Type: ctap2.PublicKeyType, Alg: ctap2.ES256}, {Type: ctap2.PublicKeyType, Alg: ctap2.RS256}}
	}
	c.prf = readPRF(c.extensions)
	if c.largeBlob, err = readLargeBlob(c.extensions); err == nil && c.prf.by != nil {
		err = mfa.Fail(mfa.CodeUnsupportedOption) // there are no credentials yet
	}
	return c, cmp.Or(o.err(), err)
}

// parseRequest reads PublicKeyCredentialRequestOptionsJSON, bare or as member
// publicKey. Failures are invalid-input with the member's path as field, and
// unsupported-option for extension inputs that do not fit.
func parseRequest(data []byte) (request, error) {
	o, err := openOptions(data)
	if err != nil {
		return request{}, err
	}
	o.need("challenge")
	r := request{
		challenge:        o.bytes("challenge", 16, 1024),
		rpID:             o.text("rpId"),
		allow:            descriptors(o, "allowCredentials"),
		userVerification: verification(o),
		timeout:          timeout(o),
		hints:            o.texts("hints"),
	}
	given, _ := member[[]any](o, "allowCredentials")
	r.restricted = len(given) > 0
	extensions := o.inside("extensions")
	r.prf = readPRF(extensions)
	if r.largeBlob, err = readLargeBlobUse(extensions, r.allow); err == nil {
		err = r.prf.fits(r.allow)
	}
	return r, cmp.Or(o.err(), err)
}

// openOptions takes the options out of {"publicKey": ...}, the form in which they
// go to navigator.credentials.
func openOptions(data []byte) (object, error) {
	o, err := parseObject(data)
	if err == nil && o.m["challenge"] == nil && o.m["publicKey"] != nil {
		o = o.inside("publicKey")
		o.path = ""
		err = o.err()
	}
	return o, err
}

// known is a credential that the relying party knows. Its transports are hints for
// those who choose one; an authenticator is not told.
type known struct {
	id         []byte
	transports []string
}

// descriptors reads a list of credentials. Entries of unknown types are dropped.
func descriptors(o object, name string) []known {
	var out []known
	for _, d := range o.each(name) {
		d.need("type", "id")
		if id := d.bytes("id", 1, 1023); d.text("type") == ctap2.PublicKeyType {
			out = append(out, known{id, d.texts("transports")})
		}
	}
	return out
}

func forAuthenticator(list []known) []ctap2.PublicKeyCredentialDescriptor {
	var out []ctap2.PublicKeyCredentialDescriptor
	for _, k := range list {
		out = append(out, ctap2.PublicKeyCredentialDescriptor{Type: ctap2.PublicKeyType, ID: k.id})
	}
	return out
}

func forSystem(list []known) []NativeDescriptor {
	var out []NativeDescriptor
	for _, k := range list {
		out = append(out, NativeDescriptor{k.id, k.transports})
	}
	return out
}

func verification(o object) string {
	if v := oneOf(o.text("userVerification")); v != "" {
		return v
	}
	return preferred
}

func oneOf(v string) string {
	switch v {
	case required, preferred, discouraged:
		return v
	}
	return ""
}

func timeout(o object) time.Duration {
	n, given := o.integer("timeout"), o.m["timeout"] != nil
	if !given {
		return defaultTimeout
	}
	n = min(max(n, 0), int64(maxTimeout/time.Millisecond))
	return max(time.Duration(n)*time.Millisecond, minTimeout)
}
