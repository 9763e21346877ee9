package vectors

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"

	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/rp"
)

// malformedTargets are the parsers of outside bytes that the build has. A metadata BLOB is
// held against FIDO's own roots.
var malformedTargets = map[string]func([]byte) error{
	"cbor":               func(data []byte) error { return ctapcbor.Unmarshal(data, new(any)) },
	"attestation_object": rp.CheckAttestationObject,
	"authdata":           rp.CheckAuthenticatorData,
	"cose":               rp.CheckPublicKey,
	"client_data":        rp.CheckClientData,
	"credential_json":    rp.CheckCredentialJSON,
	"otpauth":            checkOTPAuth,
	"iam_policy":         checkPolicy,
	"jwt": func(data []byte) error {
		_, err := mds.Open(data, mds.FIDO(), time.Now())
		return err
	},
}

// maxInput bounds what a generator may make.
const maxInput = 64 << 20

var errGenerator = errors.New("vectors: a generator makes more than 64 MB")

func parseMalformed(raw json.RawMessage) (item, error) {
	var v struct {
		ID     string   `json:"id"`
		Target string   `json:"target"`
		Expect string   `json:"expect"`
		Hex    hexBytes `json:"hex"`
		Gen    *struct {
			Prefix hexBytes `json:"prefix"`
			Unit   hexBytes `json:"unit"`
			Count  int      `json:"count"`
			Suffix hexBytes `json:"suffix"`
		} `json:"gen"`
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return item{}, err
	}
	it := item{id: v.ID, kind: v.Target, expect: v.Expect, input: func() []byte { return v.Hex }}
	if g := v.Gen; g != nil {
		if g.Count < 0 || g.Count > maxInput || len(g.Unit)*g.Count > maxInput {
			return item{}, errGenerator
		}
		it.input = func() []byte { return bytes.Join([][]byte{g.Prefix, bytes.Repeat(g.Unit, g.Count), g.Suffix}, nil) }
	}
	if check, ok := malformedTargets[v.Target]; ok {
		it.run = func(input []byte) verdict {
			if err := check(input); err != nil {
				return refused(withCode(err, mfa.CodeResponseMalformed))
			}
			return accepted()
		}
	}
	return it, nil
}
