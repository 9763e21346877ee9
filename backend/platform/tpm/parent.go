package tpm

import (
	"bytes"
	"context"
	"errors"

	"github.com/google/go-tpm/tpm2"

	"github.com/keyferry/keyferry/backend/mfa"
)

// persistentSRK is where the storage root key is kept by those who keep it (TCG TPM
// 2.0 Provisioning Guidance section 7.8).
const persistentSRK tpm2.TPMHandle = 0x81000001

// parent is the storage key that wraps ours.
type parent struct {
	handle    tpm2.TPMHandle
	name      tpm2.TPM2BName
	public    tpm2.TPMTPublic
	transient bool
}

func (p *parent) is(name []byte) bool { return p != nil && bytes.Equal(p.name.Buffer, name) }

// auth lets the parent be used: its auth value is empty. The session is salted, so
// that what goes in is encrypted and what comes out is the TPM's.
func (p *parent) auth() tpm2.AuthHandle {
	return tpm2.AuthHandle{Handle: p.handle, Name: p.name, Auth: p.session(nil, encryptIn)}
}

// session is a session for one command: its key comes from a salt that only the
// holder of the parent's private half can read, so that nobody who listens to the
// bus can try PINs on its HMACs. The options say what it encrypts.
func (p *parent) session(auth []byte, options ...tpm2.AuthOption) tpm2.Session {
	return tpm2.HMAC(tpm2.TPMAlgSHA256, 32, append(options, tpm2.Auth(auth), tpm2.Salted(p.handle, p.public))...)
}

// What a session encrypts: the first parameter of the command, or of the answer.
var (
	encryptIn  = tpm2.AESEncryption(128, tpm2.EncryptIn)
	encryptOut = tpm2.AESEncryption(128, tpm2.EncryptOut)
)

// parentNamed gives the storage key of this name: the one that is kept in the TPM,
// or the same one made again. tpm-foreign when this TPM has none of this name: ours
// were made in another one, or it was cleared.
func (a *Authenticator) parentNamed(ctx context.Context, name []byte) (*parent, error) {
	if a.parent.is(name) {
		return a.parent, nil
	}
	a.dropParent()
	kept, err := a.keptParent(ctx)
	if err != nil {
		return nil, err
	}
	if kept.is(name) {
		a.parent = kept
		return kept, nil
	}
	made, err := a.makeParent(ctx)
	if err != nil {
		return nil, err
	}
	if !made.is(name) {
		a.flush(ctx, made.handle)
		return nil, mfa.Fail(mfa.CodeTPMForeign).Because(errors.New("tpm: another storage root key"))
	}
	a.parent = made
	return made, nil
}

// chooseParent chooses the storage key for the first object of ours. It is the one
// that the template gives, which the owner's seed brings back however often it is
// forgotten; the one that is kept in the TPM is used when it is the very same, as it
// is there faster. Where the owner's authorization is set, and nobody tells it to a
// program like this, only the kept one can be had; it must then look like one.
func (a *Authenticator) chooseParent(ctx context.Context) (*parent, error) {
	a.dropParent()
	kept, err := a.keptParent(ctx)
	if err != nil {
		return nil, err
	}
	made, err := a.makeParent(ctx)
	switch {
	case err == nil && kept.is(made.name.Buffer):
		a.flush(ctx, made.handle)
		made = kept
	case err == nil:
	case kept.fits() && isRefused(err):
		made = kept
	default:
		return nil, err
	}
	a.parent = made
	return made, nil
}

// isRefused reports that the owner's authorization is not empty.
func isRefused(err error) bool {
	return errors.Is(err, tpm2.TPMRCAuthFail) || errors.Is(err, tpm2.TPMRCBadAuth)
}

// fits reports that a key can be the parent of ours: a storage key of this TPM
// that uses do not count guesses against. Its auth value is found out by using it.
func (p *parent) fits() bool {
	if p == nil {
		return false
	}
	is := p.public.ObjectAttributes
	return is.Restricted && is.Decrypt && !is.SignEncrypt && is.FixedTPM && is.FixedParent && is.UserWithAuth && is.NoDA
}

// keptParent reads the key at the usual place; nil when nothing is there. The name
// is computed here: what the bus says it is called is not asked.
func (a *Authenticator) keptParent(ctx context.Context) (*parent, error) {
	answer, err := tpm2.ReadPublic{ObjectHandle: persistentSRK}.Execute(a.line(ctx))
	var rc tpm2.TPMRC
	if errors.As(err, &rc) {
		return nil, nil
	}
	if err != nil {
		return nil, explain(err)
	}
	return newParent(persistentSRK, answer.OutPublic, false)
}

// makeParent makes the storage root key of the TCG's template for P-256 (TCG TPM 2.0
// Provisioning Guidance section 7.5.1): the same key each time, until the TPM is
// cleared.
func (a *Authenticator) makeParent(ctx context.Context) (*parent, error) {
	answer, err := tpm2.CreatePrimary{
		PrimaryHandle: tpm2.AuthHandle{Handle: tpm2.TPMRHOwner, Auth: tpm2.PasswordAuth(nil)},
		InPublic:      tpm2.New2B(tpm2.ECCSRKTemplate),
	}.Execute(a.line(ctx))
	if err != nil {
		return nil, explain(err)
	}
	p, err := newParent(answer.ObjectHandle, answer.OutPublic, true)
	if err != nil {
		a.flush(ctx, answer.ObjectHandle)
	}
	return p, err
}

func newParent(handle tpm2.TPMHandle, public tpm2.TPM2BPublic, transient bool) (*parent, error) {
	area, err := public.Contents()
	if err != nil {
		return nil, failed(whyAnswer, err)
	}
	name, err := tpm2.ObjectName(area)
	if err != nil {
		return nil, failed(whyAnswer, err)
	}
	return &parent{handle, *name, *area, transient}, nil
}

func (a *Authenticator) dropParent() {
	if p := a.parent; p != nil && p.transient {
		a.flush(context.Background(), p.handle)
	}
	a.parent = nil
}
