package ctap2

import (
	"context"
	"errors"

	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

// maxStored bounds a listing; no key has room for as many.
const maxStored = 1024

// StoredRelyingParty is somebody for whom discoverable credentials are kept.
type StoredRelyingParty struct {
	ID   string // may be cut off by the authenticator: Hash is what counts
	Name string
	Hash [32]byte // SHA-256 of the whole ID
}

// StoredCredential is one discoverable credential.
type StoredCredential struct {
	ID           []byte
	User         User
	PublicKey    ctapcbor.RawMessage // COSE_Key: see ParsePublicKey
	Protect      uint64              // credProtect, 0 when the authenticator does not say
	LargeBlobKey []byte
}

// Stock counts the discoverable credentials that are kept, and how many more there
// is room for at most. The token needs PermissionCredentialManagement, without a
// relying party, here and in the functions below.
//
// key-cannot (params: what=management) where there is no credential management,
// user-verification-failed when the token is not, or no longer, good for it; else the
// failures of MakeCredential.
func Stock(ctx context.Context, ch Channel, info Info, t *Token) (stored, room int, err error) {
	r, err := manage(ctx, ch, info, t, CredentialManagementRequest{Subcommand: ManagementMetadata})
	if err != nil {
		return 0, 0, err
	}
	if r.Stored == nil || r.Room == nil || *r.Stored > 1<<31-1 || *r.Room > 1<<31-1 {
		return 0, 0, listFault("no numbers of credentials")
	}
	return int(*r.Stored), int(*r.Room), nil
}

// StoredRelyingParties lists for whom credentials are kept. None is no failure.
func StoredRelyingParties(ctx context.Context, ch Channel, info Info, t *Token) ([]StoredRelyingParty, error) {
	first := CredentialManagementRequest{Subcommand: ManagementRPsBegin}
	return enumerate(ctx, ch, info, t, first, ManagementRPsNext, func(r CredentialManagementResponse) (StoredRelyingParty, *uint64, bool) {
		if r.RPIDHash == nil {
			return StoredRelyingParty{}, r.TotalRPs, false
		}
		rp := StoredRelyingParty{Hash: [rpIDHashSize]byte(r.RPIDHash)}
		if r.RP != nil {
			rp.ID, rp.Name = r.RP.ID, r.RP.Name
		}
		return rp, r.TotalRPs, true
	})
}

// StoredCredentials lists what is kept for one relying party. None is no failure.
func StoredCredentials(ctx context.Context, ch Channel, info Info, t *Token, rpIDHash [32]byte) ([]StoredCredential, error) {
	first := CredentialManagementRequest{Subcommand: ManagementCredentialsOf, RPIDHash: rpIDHash[:]}
	return enumerate(ctx, ch, info, t, first, ManagementCredentialsNext, func(r CredentialManagementResponse) (StoredCredential, *uint64, bool) {
		if r.Credential == nil || r.User == nil {
			return StoredCredential{}, r.TotalCredentials, false
		}
		return StoredCredential{ID: r.Credential.ID, User: *r.User, PublicKey: r.PublicKey, Protect: r.Protect, LargeBlobKey: r.LargeBlobKey},
			r.TotalCredentials, true
	})
}

// DeleteStored deletes one discoverable credential; no-credential when it is not
// there.
func DeleteStored(ctx context.Context, ch Channel, info Info, t *Token, credentialID []byte) error {
	_, err := manage(ctx, ch, info, t, CredentialManagementRequest{Subcommand: ManagementDelete,
		Credential: &PublicKeyCredentialDescriptor{Type: PublicKeyType, ID: credentialID}})
	return err
}

// enumerate asks for the first item, which comes with the number of all, and then for
// each of the others. read gives an item, the number, and whether it is whole.
func enumerate[T any](ctx context.Context, ch Channel, info Info, t *Token, first CredentialManagementRequest, next uint64,
	read func(CredentialManagementResponse) (T, *uint64, bool)) ([]T, error) {
	r, err := manage(ctx, ch, info, t, first)
	if isStatus(err, StatusNoCredentials) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	item, total, whole := read(r)
	switch {
	case total == nil && !whole, total != nil && *total == 0: // some say "0" instead of "none"
		return nil, nil
	case !whole || total == nil || *total > maxStored:
		return nil, listFault("a list without its beginning or its length")
	}
	out := []T{item}
	for uint64(len(out)) < *total {
		if r, err = manage(ctx, ch, info, nil, CredentialManagementRequest{Subcommand: next}); err != nil {
			return nil, err
		}
		if item, _, whole = read(r); !whole {
			return nil, listFault("a list with a gap")
		}
		out = append(out, item)
	}
	return out, nil
}

// manage sends one subcommand, signed with the token unless it carries on another.
func manage(ctx context.Context, ch Channel, info Info, t *Token, r CredentialManagementRequest) (CredentialManagementResponse, error) {
	var none CredentialManagementResponse
	command := CommandCredentialManagement
	switch {
	case info.IsOn(OptionManagement):
	case info.IsOn(OptionManagementPreview):
		command = CommandCredentialManagementPreview
	default:
		return none, mfa.Fail(mfa.CodeKeyCannot, "what", "management")
	}
	if t != nil {
		r.PinUvAuthProtocol, r.PinUvAuthParam = t.Protocol(), t.Authenticate(r.AuthMessage())
	}
	params, err := EncodeCredentialManagementRequest(r)
	if err != nil {
		return none, mfa.Fail(mfa.CodeInvalidInput, "field", "credential").Because(err)
	}
	data, err := exchange(ctx, Bounded(ch, info), command, params, nil)
	if err != nil {
		return none, err
	}
	return answer(DecodeCredentialManagementResponse(data))
}

func listFault(what string) error {
	return mfa.Fail(mfa.CodeAuthenticatorProtocol).Because(errors.New("ctap2: credential management: " + what))
}
