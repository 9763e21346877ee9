package authenticator

import (
	"crypto/sha256"
	"encoding/base64"
)

// The types of client data (WebAuthn Level 3 section 5.8.1).
const (
	typeCreate = "webauthn.create"
	typeGet    = "webauthn.get"
)

// clientData is clientDataJSON and its hash.
type clientData struct {
	json []byte
	hash [sha256.Size]byte
}

// newClientData serialises in the order of WebAuthn Level 3 section 5.8.1.1:
// type, challenge, origin, crossOrigin. Nothing needs escaping, since origin has
// passed checkOrigin.
func newClientData(kind string, challenge []byte, origin string) clientData {
	j := []byte(`{"type":"` + kind + `","challenge":"` + base64.RawURLEncoding.EncodeToString(challenge) +
		`","origin":"` + origin + `","crossOrigin":false}`)
	return clientData{json: j, hash: sha256.Sum256(j)}
}

// clientDataOf takes client data that somebody else has built. The relying party holds
// it against what was asked, as it does with ours.
func clientDataOf(json []byte) clientData {
	return clientData{json: json, hash: sha256.Sum256(json)}
}
