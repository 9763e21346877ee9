package examine

import (
	"encoding/json"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/rp"
)

// Options reads PublicKeyCredentialCreationOptionsJSON or …RequestOptionsJSON (WebAuthn
// 5.1.9, 5.1.10), alone or as the member publicKey, into what they expect of the answer.
// They do not say the origin. invalid-input (params: field).
func Options(text []byte, kind Kind) (rp.Expectation, error) {
	members, err := object(text, "options")
	if err != nil {
		return rp.Expectation{}, wrong("options")
	}
	if inner, err := object(members["publicKey"], "options"); err == nil {
		members = inner
	}
	e := rp.Expectation{UserVerification: "preferred"} // the default (WebAuthn 5.4.4, 5.5)
	var challenge string
	if readText(members, "challenge", &challenge) != nil || challenge == "" {
		return e, wrong("options.challenge")
	}
	if e.Challenge, err = Bytes("options.challenge", challenge); err != nil {
		return e, err
	}
	if kind == Registration {
		return e, creation(members, &e)
	}
	return e, request(members, &e)
}

func creation(members map[string]json.RawMessage, e *rp.Expectation) error {
	if raw := members["rp"]; raw != nil {
		party, err := object(raw, "options")
		if err != nil || readText(party, "id", &e.RPID) != nil {
			return wrong("options.rp")
		}
	}
	if raw := members["authenticatorSelection"]; raw != nil {
		selection, err := object(raw, "options")
		if err != nil || readText(selection, "userVerification", &e.UserVerification) != nil {
			return wrong("options.authenticatorSelection")
		}
	}
	if raw := members["pubKeyCredParams"]; raw != nil {
		var offered []struct {
			Algorithm int64 `json:"alg"`
		}
		if json.Unmarshal(raw, &offered) != nil {
			return wrong("options.pubKeyCredParams")
		}
		for _, o := range offered {
			e.Algorithms = append(e.Algorithms, o.Algorithm)
		}
	}
	return nil
}

func request(members map[string]json.RawMessage, e *rp.Expectation) error {
	if readText(members, "rpId", &e.RPID) != nil {
		return wrong("options.rpId")
	}
	if readText(members, "userVerification", &e.UserVerification) != nil {
		return wrong("options.userVerification")
	}
	if raw := members["allowCredentials"]; raw != nil {
		var allowed []struct {
			ID string `json:"id"`
		}
		if json.Unmarshal(raw, &allowed) != nil {
			return wrong("options.allowCredentials")
		}
		for _, a := range allowed {
			id, err := Bytes("options.allowCredentials", a.ID)
			if err != nil {
				return err
			}
			e.AllowCredentials = append(e.AllowCredentials, id)
		}
	}
	if raw := members["extensions"]; raw != nil {
		extensions, err := object(raw, "options")
		if err != nil || readText(extensions, "appid", &e.AppID) != nil {
			return wrong("options.extensions")
		}
	}
	return nil
}

func wrong(field string) error { return mfa.Fail(mfa.CodeInvalidInput, "field", field) }
