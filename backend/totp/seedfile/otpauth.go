package seedfile

import (
	"bytes"
	"context"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
)

func isOTPAuth(text []byte) bool {
	const scheme = "otpauth://"
	return len(text) >= len(scheme) && bytes.EqualFold(text[:len(scheme)], []byte(scheme))
}

func (f *File) readOTPAuth(ctx context.Context, data []byte) error {
	for l := range lines(data) {
		if err := ctx.Err(); err != nil {
			return mfa.AsFailure(err)
		}
		if l.comment {
			continue
		}
		r := Row{Line: l.number, Type: totp.TOTP, Params: totp.Default}
		k, err := totp.ParseURI(l.text)
		switch f := mfa.AsFailure(err); {
		case f == nil:
			r.Label, r.Issuer, r.Type, r.Params, r.Counter, r.Seed = k.Account, k.Issuer, k.Type, k.Params, k.Counter, k.Seed
		case f.Code == mfa.CodeOTPAuthInvalid:
			r.Problem = badRow(l.number, f.Params["part"]).Because(f)
		default:
			r.Problem = f
		}
		if err := f.add(r); err != nil {
			return err
		}
	}
	return nil
}
