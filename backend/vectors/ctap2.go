package vectors

import (
	"encoding/json"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
)

// ctap2Kinds decode one message each; pinuv.go has the kinds that compute something.
var ctap2Kinds = map[string]func([]byte) error{
	"makeCredential.request":    decode(ctap2.DecodeMakeCredentialRequest),
	"makeCredential.response":   decode(ctap2.DecodeMakeCredentialResponse),
	"getAssertion.request":      decode(ctap2.DecodeGetAssertionRequest),
	"getAssertion.response":     decode(ctap2.DecodeGetAssertionResponse),
	"getNextAssertion.response": decode(ctap2.DecodeGetAssertionResponse),
	"getInfo.response":          decode(ctap2.ParseInfo),

	"clientPIN.request":               decode(ctap2.DecodeClientPINRequest),
	"clientPIN.keyAgreement.response": decode(ctap2.DecodeClientPINResponse),
	"clientPIN.token.response":        decode(ctap2.DecodeClientPINResponse),
	"subcommand.request":              decode(ctap2.DecodeCredentialManagementRequest),
	"management.response":             decode(ctap2.DecodeCredentialManagementResponse),
}

func decode[T any](with func([]byte) (T, error)) func([]byte) error {
	return func(data []byte) error {
		_, err := with(data)
		return err
	}
}

func parseCTAP2(raw json.RawMessage) (item, error) {
	var v struct {
		ID     string   `json:"id"`
		Kind   string   `json:"kind"`
		Expect string   `json:"expect"`
		Hex    hexBytes `json:"hex"`
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return item{}, err
	}
	it := item{id: v.ID, kind: v.Kind, expect: v.Expect}
	if check, ok := ctap2Kinds[v.Kind]; ok {
		it.run = func([]byte) verdict {
			if err := check(v.Hex); err != nil {
				return refused(withCode(err, mfa.CodeAuthenticatorProtocol))
			}
			return accepted()
		}
		return it, nil
	}
	p, err := parsePINItem(raw)
	if run := p.runner(v.Kind); err == nil && run != nil {
		it.run = func([]byte) verdict { return run() }
	}
	return it, err
}
