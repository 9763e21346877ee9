package ctap2

// PublicKeyType is the only credential type there is.
const PublicKeyType = "public-key"

// COSE algorithms that the product knows (IANA registry).
const (
	ES256 int64 = -7
	EdDSA int64 = -8
	RS256 int64 = -257
)

// RelyingParty is PublicKeyCredentialRpEntity: who asks.
type RelyingParty struct {
	ID   string
	Name string // written when not empty; phones refuse a request without it
}

// User is PublicKeyCredentialUserEntity: whose credential it is.
type User struct {
	ID          []byte // user handle, 1 to 64 bytes
	Name        string
	DisplayName string
	// Named writes both names even when they are empty, as phones do in answers.
	Named bool
}

// CredentialParameters is one algorithm that is acceptable.
type CredentialParameters struct {
	Type string // PublicKeyType
	Alg  int64  // COSE
}

// PublicKeyCredentialDescriptor names one credential.
type PublicKeyCredentialDescriptor struct {
	Type       string
	ID         []byte   // 1 to 1023 bytes
	Transports []string // hints, usually left out
}

func (rp RelyingParty) message() message {
	m := message{"id": rp.ID}
	m.put("name", rp.Name, rp.Name != "")
	return m
}

func readRelyingParty(f fields) RelyingParty {
	f.need("id")
	return RelyingParty{ID: f.text("id"), Name: f.text("name")}
}

func (u User) message() message {
	m := message{"id": u.ID}
	m.put("name", u.Name, u.Named || u.Name != "")
	m.put("displayName", u.DisplayName, u.Named || u.DisplayName != "")
	return m
}

func readUser(f fields) User {
	f.need("id")
	u := User{ID: f.bytes("id", 1, maxUserHandle), Name: f.text("name"), DisplayName: f.text("displayName")}
	_, named := f.get("name")
	_, displayed := f.get("displayName")
	u.Named = named && displayed
	return u
}

func (p CredentialParameters) message() message { return message{"alg": p.Alg, "type": p.Type} }

func readParameters(f fields) CredentialParameters {
	f.need("alg", "type")
	return CredentialParameters{Type: f.text("type"), Alg: f.integer("alg")}
}

func (d PublicKeyCredentialDescriptor) message() message {
	m := message{"id": d.ID, "type": d.Type}
	m.put("transports", d.Transports, d.Transports != nil)
	return m
}

func readDescriptor(f fields) PublicKeyCredentialDescriptor {
	f.need("id", "type")
	return PublicKeyCredentialDescriptor{Type: f.text("type"), ID: f.bytes("id", 1, maxID), Transports: list[string](f, "transports")}
}

// messages writes a list of entities.
func messages[T interface{ message() message }](items []T) []message {
	out := make([]message, len(items))
	for i, item := range items {
		out[i] = item.message()
	}
	return out
}
