package virtualauth

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctap2/pinuv"
)

// listing is what an enumeration has still to give. It ends with any other
// command, or when the next is not asked for in time (CTAP 2.2 section 6).
type listing struct {
	rps         []*credential // one of each relying party
	credentials []*credential
	end         time.Time
}

func (a *Authenticator) setListing(l listing) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.listing = l
}

// manage is authenticatorCredentialManagement (CTAP 2.2 section 6.8). Under the
// number of the prototype it works on every authenticator that has it, as with
// real keys: libfido2 1.12 uses no other. CTAP 2.0 knows that one alone.
func (a *Authenticator) manage(command byte, params []byte) ([]byte, error) {
	preview := command == ctap2.CommandCredentialManagementPreview
	if !a.cfg.CredMgmt || a.cfg.tokenless() || !preview && !a.cfg.modern() {
		return nil, ctap2.StatusInvalidCommand
	}
	req, err := ctap2.DecodeCredentialManagementRequest(params)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil, errClosed
	}
	answer, err := a.managed(req)
	if err != nil {
		return nil, err
	}
	return ctap2.EncodeCredentialManagementResponse(answer)
}

// managed carries out one subcommand under the lock.
func (a *Authenticator) managed(r ctap2.CredentialManagementRequest) (ctap2.CredentialManagementResponse, error) {
	l := a.listing
	a.listing = listing{}
	if r.Subcommand == ctap2.ManagementRPsNext || r.Subcommand == ctap2.ManagementCredentialsNext {
		if !a.cfg.Clock().Before(l.end) {
			l = listing{}
		}
	} else if err := a.mayManage(r); err != nil {
		return ctap2.CredentialManagementResponse{}, err
	}
	switch r.Subcommand {
	case ctap2.ManagementMetadata:
		stored := len(a.listed(func(c *credential) bool { return true }))
		return ctap2.CredentialManagementResponse{Stored: number(stored), Room: number(max(0, a.cfg.MaxCredentials-len(a.store)))}, nil
	case ctap2.ManagementRPsBegin:
		return a.nextRP(a.relyingParties(), true)
	case ctap2.ManagementRPsNext:
		return a.nextRP(l.rps, false)
	case ctap2.ManagementCredentialsOf:
		return a.nextCredential(a.listed(func(c *credential) bool { return c.hash() == [sha256.Size]byte(r.RPIDHash) }), true)
	case ctap2.ManagementCredentialsNext:
		return a.nextCredential(l.credentials, false)
	case ctap2.ManagementDelete:
		return ctap2.CredentialManagementResponse{}, a.forget(r.Credential.ID)
	}
	return ctap2.CredentialManagementResponse{}, a.rename(r.Credential.ID, *r.User)
}

// mayManage checks what a subcommand needs, and the token.
func (a *Authenticator) mayManage(r ctap2.CredentialManagementRequest) error {
	complete := true
	switch r.Subcommand {
	case ctap2.ManagementMetadata, ctap2.ManagementRPsBegin:
	case ctap2.ManagementCredentialsOf:
		complete = r.RPIDHash != nil
	case ctap2.ManagementDelete:
		complete = r.Credential != nil
	case ctap2.ManagementUpdateUser:
		complete = r.Credential != nil && r.User != nil
		if !a.cfg.modern() {
			return ctap2.StatusInvalidSubcommand
		}
	default:
		return ctap2.StatusInvalidSubcommand
	}
	switch {
	case r.PinUvAuthParam == nil:
		return ctap2.StatusPUATRequired
	case !complete || r.PinUvAuthProtocol == 0:
		return ctap2.StatusMissingParameter
	case !slices.Contains(a.cfg.PINProtocols, r.PinUvAuthProtocol):
		return ctap2.StatusInvalidParameter
	}
	permission := pinuv.PermissionCredentialManagement
	if !a.cfg.modern() {
		permission = anything
	}
	use := func(rpID string) bool {
		return a.server.Use(r.PinUvAuthProtocol, permission, rpID, r.AuthMessage(), r.PinUvAuthParam)
	}
	// First without a relying party: naming one would bind a token that is for all.
	if use("") {
		return nil
	}
	if rpID := a.concerned(r); rpID != "" && use(rpID) {
		return nil
	}
	return ctap2.StatusPINAuthInvalid
}

// concerned is the relying party that a request is about, "" for all or none.
func (a *Authenticator) concerned(r ctap2.CredentialManagementRequest) string {
	for _, c := range a.store {
		hash := c.hash()
		if r.RPIDHash != nil && bytes.Equal(hash[:], r.RPIDHash) || r.Credential != nil && bytes.Equal(c.ID, r.Credential.ID) {
			return c.RPID
		}
	}
	return ""
}

// listed gives the discoverable credentials that fit, oldest first.
func (a *Authenticator) listed(fits func(*credential) bool) (out []*credential) {
	for _, c := range a.store {
		if c.Discoverable && fits(c) {
			out = append(out, c)
		}
	}
	return out
}

// relyingParties gives one credential of each relying party.
func (a *Authenticator) relyingParties() (out []*credential) {
	for _, c := range a.listed(func(*credential) bool { return true }) {
		if !slices.ContainsFunc(out, func(o *credential) bool { return o.RPID == c.RPID }) {
			out = append(out, c)
		}
	}
	return out
}

func (a *Authenticator) nextRP(left []*credential, first bool) (ctap2.CredentialManagementResponse, error) {
	if err := nothing(left, first); err != nil {
		return ctap2.CredentialManagementResponse{}, err
	}
	hash := left[0].hash()
	answer := ctap2.CredentialManagementResponse{RP: &ctap2.RelyingParty{ID: left[0].RPID, Name: left[0].RPName}, RPIDHash: hash[:]}
	if first {
		answer.TotalRPs = number(len(left))
	}
	a.listing = listing{rps: left[1:], end: a.cfg.Clock().Add(nextAssertionTime)}
	return answer, nil
}

func (a *Authenticator) nextCredential(left []*credential, first bool) (ctap2.CredentialManagementResponse, error) {
	if err := nothing(left, first); err != nil {
		return ctap2.CredentialManagementResponse{}, err
	}
	c := left[0]
	key, err := c.signer()
	if err != nil {
		return ctap2.CredentialManagementResponse{}, err
	}
	cose, err := ctap2.EncodePublicKey(key.Public())
	if err != nil {
		return ctap2.CredentialManagementResponse{}, err
	}
	answer := ctap2.CredentialManagementResponse{
		User:       &ctap2.User{ID: c.UserID, Name: c.UserName, DisplayName: c.UserDisplayName},
		Credential: &ctap2.PublicKeyCredentialDescriptor{Type: ctap2.PublicKeyType, ID: c.ID},
		PublicKey:  cose, LargeBlobKey: c.LargeBlobKey,
	}
	if a.cfg.CredProtect {
		answer.Protect = max(c.Protect, protectOptional)
	}
	if first {
		answer.TotalCredentials = number(len(left))
	}
	a.listing = listing{credentials: left[1:], end: a.cfg.Clock().Add(nextAssertionTime)}
	return answer, nil
}

// nothing is the status when there is none to give: none at all, or no more.
func nothing(left []*credential, first bool) error {
	switch {
	case len(left) > 0:
		return nil
	case first:
		return ctap2.StatusNoCredentials
	default:
		return ctap2.StatusNotAllowed
	}
}

// forget deletes a discoverable credential.
func (a *Authenticator) forget(id []byte) error {
	i := slices.IndexFunc(a.store, func(c *credential) bool { return c.Discoverable && bytes.Equal(c.ID, id) })
	if i < 0 {
		return ctap2.StatusNoCredentials
	}
	a.store[i].wipe()
	a.store = slices.Delete(a.store, i, i+1)
	return nil
}

// rename is updateUserInformation. The handle stays: it is what the relying party
// knows the person by.
func (a *Authenticator) rename(id []byte, user ctap2.User) error {
	for _, c := range a.listed(func(c *credential) bool { return bytes.Equal(c.ID, id) }) {
		if !bytes.Equal(c.UserID, user.ID) {
			return ctap2.StatusInvalidParameter
		}
		c.UserName, c.UserDisplayName = user.Name, user.DisplayName
		return nil
	}
	return ctap2.StatusNoCredentials
}
