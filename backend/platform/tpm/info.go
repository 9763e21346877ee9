package tpm

import (
	"context"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/ctap2/pinuv"
	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
)

// maxList is how many credentials a list may name.
const maxList = 64

// tell makes the getInfo answer anew (CTAP 2.2 section 6.4).
func (a *Authenticator) tell(ctx context.Context) error {
	state, err := a.cfg.Store.LocalState(ctx)
	if err != nil {
		return err
	}
	all, err := a.cfg.Store.LocalPasskeys(ctx, "")
	if err != nil {
		return err
	}
	data, err := ctap2.EncodeInfo(ctap2.Info{
		Versions: []string{"FIDO_2_0", "FIDO_2_1"},
		AAGUID:   AAGUID,
		Options: map[string]bool{
			ctap2.OptionPlatform: true, ctap2.OptionResidentKey: true, ctap2.OptionUserPresence: true,
			ctap2.OptionClientPIN: len(state.PINPublic) > 0, ctap2.OptionPinUvAuthToken: true,
			ctap2.OptionManagement: true, ctap2.OptionAlwaysUV: true, ctap2.OptionMakeCredUvNotRqd: false,
		},
		MaxMsgSize:                       number(ctapcbor.MaxSize),
		PinUvAuthProtocols:               []uint64{pinuv.Two, pinuv.One},
		MaxCredentialCountInList:         number(maxList),
		MaxCredentialIDLength:            number(credentialIDSize),
		Transports:                       a.Transports(),
		Algorithms:                       []ctap2.CredentialParameters{{Type: ctap2.PublicKeyType, Alg: ctap2.ES256}},
		MinPINLength:                     number(MinPIN),
		MaxPINLength:                     number(pinuv.MaxPIN),
		RemainingDiscoverableCredentials: number(uint64(mfa.MaxLocalPasskeys - len(all))),
		AttestationFormats:               []string{formatPacked},
	})
	if err == nil {
		a.info.Store(&data)
	}
	return err
}

// retell does so after something was kept. It must not turn that into a failure: an
// answer that is out of date counts the room for passkeys wrong until the next one.
func (a *Authenticator) retell(ctx context.Context) { _ = a.tell(context.WithoutCancel(ctx)) }

func number(n uint64) *uint64 { return &n }
