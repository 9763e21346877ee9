package tpm

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/big"

	"github.com/google/go-tpm/tpm2"

	"github.com/keyferry/keyferry/backend/ctap2/pinuv"
	"github.com/keyferry/keyferry/backend/mfa"
)

// pinTemplate is the object that the PIN opens: sealed data. NoDA is not set, so
// each wrong PIN counts towards the TPM's lock-out.
var pinTemplate = tpm2.TPMTPublic{
	Type:             tpm2.TPMAlgKeyedHash,
	NameAlg:          tpm2.TPMAlgSHA256,
	ObjectAttributes: tpm2.TPMAObject{FixedTPM: true, FixedParent: true, UserWithAuth: true},
}

// keyTemplate is a credential key: made in the TPM, of use in this TPM only, under
// this parent only. NoDA is not set here either: while the TPM is locked nothing of
// ours signs.
var keyTemplate = tpm2.TPMTPublic{
	Type:    tpm2.TPMAlgECC,
	NameAlg: tpm2.TPMAlgSHA256,
	ObjectAttributes: tpm2.TPMAObject{FixedTPM: true, FixedParent: true, SensitiveDataOrigin: true, UserWithAuth: true,
		SignEncrypt: true},
	Parameters: tpm2.NewTPMUPublicParms(tpm2.TPMAlgECC, &tpm2.TPMSECCParms{
		CurveID: tpm2.TPMECCNistP256,
		Scheme: tpm2.TPMTECCScheme{Scheme: tpm2.TPMAlgECDSA,
			Details: tpm2.NewTPMUAsymScheme(tpm2.TPMAlgECDSA, &tpm2.TPMSSigSchemeECDSA{HashAlg: tpm2.TPMAlgSHA256})},
	}),
}

// authSize is the length of every auth value of ours: the most that an object named
// with SHA-256 takes. They are written in hexadecimal, because a TPM drops zeros at
// the end of an auth value, and the library that we speak to it with cuts one at its
// first zero: one PIN in sixteen would not work, or be shorter than it is.
const authSize = 32

func pinAuth(hash []byte) []byte { return hex.AppendEncode(nil, hash[:pinuv.HashSize]) }

// newSecret makes the auth value of the credential keys.
func newSecret(rand io.Reader) (*mfa.Secret, error) {
	raw := make([]byte, authSize/2)
	defer clear(raw)
	if _, err := io.ReadFull(rand, raw); err != nil {
		return nil, fmt.Errorf("tpm: randomness: %w", err)
	}
	return mfa.NewSecret(hex.AppendEncode(nil, raw)), nil
}

// blobs are what a TPM takes back: TPM2B_PUBLIC and TPM2B_PRIVATE.
type blobs struct{ public, private []byte }

// make lets the TPM make an object under the parent.
func (a *Authenticator) make(ctx context.Context, p *parent, template tpm2.TPMTPublic, auth, data []byte) (blobs, error) {
	sensitive := &tpm2.TPMSSensitiveCreate{UserAuth: tpm2.TPM2BAuth{Buffer: auth}}
	if data != nil {
		sensitive.Data = tpm2.NewTPMUSensitiveCreate(&tpm2.TPM2BSensitiveData{Buffer: data})
	}
	answer, err := tpm2.Create{
		ParentHandle: p.auth(),
		InSensitive:  tpm2.TPM2BSensitiveCreate{Sensitive: sensitive},
		InPublic:     tpm2.New2B(template),
	}.Execute(a.line(ctx))
	if err != nil {
		return blobs{}, explain(err)
	}
	return blobs{tpm2.Marshal(answer.OutPublic), tpm2.Marshal(answer.OutPrivate)}, nil
}

// load gives an object back to the TPM for as long as do runs. tpm-foreign when the
// TPM says that it is none of its own.
func (a *Authenticator) load(ctx context.Context, p *parent, b blobs, do func(tpm2.TPMHandle, tpm2.TPM2BName) error) error {
	public, err := tpm2.Unmarshal[tpm2.TPM2BPublic](b.public)
	if err != nil {
		return foreign(err)
	}
	private, err := tpm2.Unmarshal[tpm2.TPM2BPrivate](b.private)
	if err != nil {
		return foreign(err)
	}
	answer, err := tpm2.Load{
		ParentHandle: tpm2.AuthHandle{Handle: p.handle, Name: p.name, Auth: tpm2.PasswordAuth(nil)}, // what is loaded is sealed already
		InPrivate:    *private,
		InPublic:     *public,
	}.Execute(a.line(ctx))
	var rc tpm2.TPMRC
	switch {
	case errors.As(err, &rc) && !rc.IsWarning() && !isRefused(err):
		return foreign(err)
	case err != nil:
		return explain(err)
	}
	defer a.flush(ctx, answer.ObjectHandle)
	return do(answer.ObjectHandle, nameOf(public.Bytes()))
}

// nameOf computes the name of an object of ours (TPM 2.0 Part 1 section 16), which
// sessions authenticate: what the bus says it is called is not asked.
func nameOf(public []byte) tpm2.TPM2BName {
	sum := sha256.Sum256(public)
	return tpm2.TPM2BName{Buffer: append(binary.BigEndian.AppendUint16(nil, uint16(tpm2.TPMAlgSHA256)), sum[:]...)}
}

func foreign(cause error) error { return mfa.Fail(mfa.CodeTPMForeign).Because(cause) }

// errWrongPIN says that the TPM took the auth value for a wrong one, and counted it.
var errWrongPIN = errors.New("tpm: wrong PIN")

// judge explains the answer to a command that an auth value of ours was for.
func (a *Authenticator) judge(ctx context.Context, err error) error {
	switch {
	case isRefused(err):
		return errWrongPIN
	case errors.Is(err, tpm2.TPMRCLockout):
		g, guardErr := a.guard(ctx)
		if guardErr != nil {
			return guardErr
		}
		return a.lockout(g).Because(err)
	}
	return explain(err)
}

// unseal opens what the PIN opens. errWrongPIN, tpm-lockout.
func (a *Authenticator) unseal(ctx context.Context, p *parent, b blobs, auth []byte) (secret *mfa.Secret, err error) {
	err = a.load(ctx, p, b, func(h tpm2.TPMHandle, name tpm2.TPM2BName) error {
		answer, err := tpm2.Unseal{ItemHandle: tpm2.AuthHandle{Handle: h, Name: name, Auth: p.session(auth, encryptOut)}}.Execute(a.line(ctx))
		if err != nil {
			return a.judge(ctx, err)
		}
		if len(answer.OutData.Buffer) != authSize {
			return failed(whyAnswer, errors.New("tpm: sealed data of another length"))
		}
		secret = mfa.NewSecret(answer.OutData.Buffer)
		return nil
	})
	return secret, err
}

// reseal changes what opens the object and gives its new private part. errWrongPIN,
// tpm-lockout.
func (a *Authenticator) reseal(ctx context.Context, p *parent, b blobs, old, auth []byte) (private []byte, err error) {
	err = a.load(ctx, p, b, func(h tpm2.TPMHandle, name tpm2.TPM2BName) error {
		answer, err := tpm2.ObjectChangeAuth{
			ObjectHandle: tpm2.AuthHandle{Handle: h, Name: name, Auth: p.session(old, encryptIn)},
			ParentHandle: tpm2.NamedHandle{Handle: p.handle, Name: p.name},
			NewAuth:      tpm2.TPM2BAuth{Buffer: auth},
		}.Execute(a.line(ctx))
		if err != nil {
			return a.judge(ctx, err)
		}
		private = tpm2.Marshal(answer.OutPrivate)
		return nil
	})
	return private, err
}

// sign signs a SHA-256 digest with a credential key and gives the signature in DER.
// tpm-lockout, tpm-foreign.
func (a *Authenticator) sign(ctx context.Context, p *parent, b blobs, auth, digest []byte) (signature []byte, err error) {
	err = a.load(ctx, p, b, func(h tpm2.TPMHandle, name tpm2.TPM2BName) error {
		answer, err := tpm2.Sign{
			KeyHandle:  tpm2.AuthHandle{Handle: h, Name: name, Auth: p.session(auth)},
			Digest:     tpm2.TPM2BDigest{Buffer: digest},
			InScheme:   tpm2.TPMTSigScheme{Scheme: tpm2.TPMAlgNull},
			Validation: tpm2.TPMTTKHashCheck{Tag: tpm2.TPMSTHashCheck},
		}.Execute(a.line(ctx))
		if err = a.judge(ctx, err); errors.Is(err, errWrongPIN) {
			return foreign(err) // the key belongs to another PIN object
		} else if err != nil {
			return err
		}
		parts, err := answer.Signature.Signature.ECDSA()
		if err != nil {
			return failed(whyAnswer, err)
		}
		signature, err = asn1.Marshal(struct{ R, S *big.Int }{
			new(big.Int).SetBytes(parts.SignatureR.Buffer), new(big.Int).SetBytes(parts.SignatureS.Buffer)})
		return err
	})
	return signature, err
}

// publicKey reads a credential key's public half.
func publicKey(public []byte) (*ecdsa.PublicKey, error) {
	b, err := tpm2.Unmarshal[tpm2.TPM2BPublic](public)
	if err != nil {
		return nil, failed(whyAnswer, err)
	}
	area, err := b.Contents()
	if err != nil {
		return nil, failed(whyAnswer, err)
	}
	at, err := area.Unique.ECC()
	if err != nil {
		return nil, failed(whyAnswer, err)
	}
	point := make([]byte, 65)
	if len(at.X.Buffer) > 32 || len(at.Y.Buffer) > 32 {
		return nil, failed(whyAnswer, errors.New("tpm: a point that is too long"))
	}
	point[0] = 4
	copy(point[33-len(at.X.Buffer):], at.X.Buffer)
	copy(point[65-len(at.Y.Buffer):], at.Y.Buffer)
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return nil, failed(whyAnswer, err)
	}
	return key, nil
}
