package tpm

import (
	"bytes"
	"context"
	"crypto/sha256"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
)

// listing is what the "next" subcommands go on with.
type listing struct {
	parties  []mfa.LocalPasskey // one of each relying party
	passkeys []mfa.LocalPasskey
}

// manage is authenticatorCredentialManagement (CTAP 2.2 section 6.8). It lists and
// deletes what is kept here whether it is discoverable or not: all of it takes room,
// and what a relying party refused must be possible to clean up.
func (a *Authenticator) manage(ctx context.Context, r ctap2.CredentialManagementRequest) ([]byte, error) {
	going := a.listing
	a.listing = nil
	switch r.Subcommand {
	case ctap2.ManagementRPsNext:
		if going == nil || len(going.parties) == 0 {
			return nil, ctap2.StatusNotAllowed
		}
		return a.nextParty(going.parties, 0)
	case ctap2.ManagementCredentialsNext:
		if going == nil || len(going.passkeys) == 0 {
			return nil, ctap2.StatusNotAllowed
		}
		return a.nextPasskey(going.passkeys, 0)
	}
	all, err := a.cfg.Store.LocalPasskeys(ctx, "")
	if err != nil {
		return nil, err
	}
	switch r.Subcommand {
	case ctap2.ManagementMetadata:
		if err := a.mayManage(r, ""); err != nil {
			return nil, err
		}
		stored, room := uint64(len(all)), uint64(mfa.MaxLocalPasskeys-len(all))
		return ctap2.EncodeCredentialManagementResponse(ctap2.CredentialManagementResponse{Stored: &stored, Room: &room})
	case ctap2.ManagementRPsBegin:
		if err := a.mayManage(r, ""); err != nil {
			return nil, err
		}
		parties := parties(all)
		if len(parties) == 0 {
			return nil, ctap2.StatusNoCredentials
		}
		return a.nextParty(parties, uint64(len(parties)))
	case ctap2.ManagementCredentialsOf:
		return a.passkeysOf(r, all)
	case ctap2.ManagementDelete, ctap2.ManagementUpdateUser:
		return nil, a.change(ctx, r, all)
	}
	return nil, ctap2.StatusInvalidSubcommand
}

// mayManage checks the token. It is not spent: lists go on, and many are deleted.
func (a *Authenticator) mayManage(r ctap2.CredentialManagementRequest, rpID string) error {
	switch {
	case r.PinUvAuthParam == nil:
		return ctap2.StatusPUATRequired
	case r.PinUvAuthProtocol == 0:
		return ctap2.StatusMissingParameter
	case !a.pins.Use(r.PinUvAuthProtocol, ctap2.PermissionCredentialManagement, rpID, r.AuthMessage(), r.PinUvAuthParam):
		return ctap2.StatusPINAuthInvalid
	}
	return nil
}

// parties gives one passkey of each relying party.
func parties(all []mfa.LocalPasskey) (one []mfa.LocalPasskey) {
	seen := map[string]bool{}
	for _, p := range all {
		if !seen[p.RPID] {
			seen[p.RPID] = true
			one = append(one, p)
		}
	}
	return one
}

func (a *Authenticator) nextParty(list []mfa.LocalPasskey, total uint64) ([]byte, error) {
	p := list[0]
	a.listing = &listing{parties: list[1:]}
	hash := sha256.Sum256([]byte(p.RPID))
	answer := ctap2.CredentialManagementResponse{RP: &ctap2.RelyingParty{ID: p.RPID, Name: p.RPName}, RPIDHash: hash[:]}
	if total > 0 {
		answer.TotalRPs = &total
	}
	return ctap2.EncodeCredentialManagementResponse(answer)
}

func (a *Authenticator) passkeysOf(r ctap2.CredentialManagementRequest, all []mfa.LocalPasskey) ([]byte, error) {
	if r.RPIDHash == nil {
		return nil, ctap2.StatusMissingParameter
	}
	var list []mfa.LocalPasskey
	for _, p := range all {
		if hash := sha256.Sum256([]byte(p.RPID)); bytes.Equal(hash[:], r.RPIDHash) {
			list = append(list, p)
		}
	}
	rpID := ""
	if len(list) > 0 {
		rpID = list[0].RPID
	}
	if err := a.mayManage(r, rpID); err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, ctap2.StatusNoCredentials
	}
	return a.nextPasskey(list, uint64(len(list)))
}

// credProtect of all of them: "userVerificationRequired" (CTAP 2.2 section 12.1).
const verificationRequired = 3

func (a *Authenticator) nextPasskey(list []mfa.LocalPasskey, total uint64) ([]byte, error) {
	p := list[0]
	a.listing = &listing{passkeys: list[1:]}
	key, err := publicKey(p.Public)
	if err != nil {
		return nil, err
	}
	cose, err := ctap2.EncodePublicKey(key)
	if err != nil {
		return nil, err
	}
	answer := ctap2.CredentialManagementResponse{
		User:       &ctap2.User{ID: p.UserHandle, Name: p.UserName, DisplayName: p.UserDisplayName},
		Credential: &ctap2.PublicKeyCredentialDescriptor{Type: ctap2.PublicKeyType, ID: p.ID},
		PublicKey:  cose, Protect: verificationRequired,
	}
	if total > 0 {
		answer.TotalCredentials = &total
	}
	return ctap2.EncodeCredentialManagementResponse(answer)
}

// change deletes a passkey or renames its user.
func (a *Authenticator) change(ctx context.Context, r ctap2.CredentialManagementRequest, all []mfa.LocalPasskey) error {
	if r.Credential == nil || r.Subcommand == ctap2.ManagementUpdateUser && r.User == nil {
		return ctap2.StatusMissingParameter
	}
	var meant *mfa.LocalPasskey
	rpID := ""
	for i := range all {
		if bytes.Equal(all[i].ID, r.Credential.ID) {
			meant, rpID = &all[i], all[i].RPID
		}
	}
	if err := a.mayManage(r, rpID); err != nil {
		return err
	}
	switch {
	case meant == nil:
		return ctap2.StatusNoCredentials
	case r.Subcommand == ctap2.ManagementDelete:
		if err := a.keep(ctx, func(ctx context.Context) error { return a.cfg.Store.RemoveLocalPasskey(ctx, meant.ID) }); err != nil {
			return err
		}
		a.retell(ctx)
		return nil
	case !bytes.Equal(r.User.ID, meant.UserHandle):
		return ctap2.StatusInvalidParameter
	}
	return a.keep(ctx, func(ctx context.Context) error {
		return a.cfg.Store.RenameLocalPasskey(ctx, meant.ID, r.User.Name, r.User.DisplayName)
	})
}
