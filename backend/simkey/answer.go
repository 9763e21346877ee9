package simkey

import (
	"context"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// answerer is the key as the device's role sees it. What an answer speaks of is in
// the file before the answer leaves.
type answerer struct {
	k *Key
	a *virtualauth.Authenticator
}

func (w answerer) Exchange(ctx context.Context, request []byte, keepalive func(byte)) ([]byte, error) {
	response, err := w.a.Exchange(ctx, request, keepalive)
	return w.kept(response, err)
}

func (w answerer) APDU(ctx context.Context, apdu []byte) ([]byte, error) {
	response, err := w.a.APDU(ctx, apdu)
	return w.kept(response, err)
}

// Wink does nothing that is seen: the panel shows the one key that there is.
func (w answerer) Wink() { w.a.Wink() }

// kept writes what changed, also after a cancel: a wrong PIN counts all the same.
func (w answerer) kept(response []byte, err error) ([]byte, error) {
	exported, kept := w.a.Export()
	if kept != nil {
		return nil, mfa.Fail(mfa.CodeInternal).Because(kept)
	}
	if kept := w.k.rememberKey(exported); kept != nil && err == nil {
		return nil, kept
	}
	w.k.update(w.k.look)
	return response, err
}
