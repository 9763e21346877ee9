package vectors_test

import (
	"errors"
	"testing"

	"github.com/keyferry/keyferry/backend/vectors"
)

const allowAll = `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`

func TestForms(t *testing.T) {
	for _, c := range []struct {
		name, file                string
		items, matched, different int
		unknown                   bool
	}{
		{name: "hybrid, good", file: `{"vectors":[{"id":"a","kind":"domain","in":{"id":0},"out":{"domain":"cable.ua5v.com"}}]}`, items: 1, matched: 1},
		{name: "hybrid, other output", file: `{"vectors":[{"id":"a","kind":"domain","in":{"id":0},"out":{"domain":"cable.auth.com"}}]}`, items: 1, different: 1},
		{name: "hybrid, output that is not made", file: `{"vectors":[{"id":"a","kind":"domain","in":{"id":0},"out":{"colour":"red"}}]}`, items: 1, different: 1},
		{name: "hybrid, should be refused", file: `{"vectors":[{"id":"a","kind":"domain","in":{"id":0},"error":"unknown"}]}`, items: 1, different: 1},
		{name: "hybrid, kind that nothing covers", file: `{"vectors":[{"id":"a","kind":"smoke_signal","in":{},"out":{}}]}`, items: 1},
		{name: "hybrid, hex in a URL in either case", file: `{"vectors":[{"id":"a","kind":"url","in":{"op":"new","domain":"x.org","tunnel_id":"AB"},"out":{"url":"wss://x.org/cable/new/ab"}}]}`, items: 1, matched: 1},
		{name: "hybrid, base64url counts its case", file: `{"vectors":[{"id":"a","kind":"url","in":{"op":"contact","domain":"x.org","contact_id":"00"},"out":{"url":"wss://x.org/cable/contact/aa"}}]}`, items: 1, different: 1},
		{name: "hybrid, damaged hex is refused", file: `{"vectors":[{"id":"a","kind":"unpad","in":{"padded":"zz"},"error":"reject"}]}`, items: 1, matched: 1},
		{name: "malformed, generator", file: `{"schema":"malformed/1","items":[{"id":"a","target":"cbor","expect":"reject","gen":{"prefix":"","unit":"81","count":1000,"suffix":"00"}}]}`, items: 1, matched: 1},
		{name: "malformed, generator without bounds", file: `{"schema":"malformed/1","items":[{"id":"a","target":"cbor","expect":"reject","gen":{"prefix":"","unit":"81","count":999999999,"suffix":"00"}}]}`, items: 1, different: 1},
		{name: "malformed, accepted against expectation", file: `{"schema":"malformed/1","items":[{"id":"a","target":"cbor","expect":"reject","hex":"00"}]}`, items: 1, different: 1},
		{name: "aaguids", file: `{"schema":"aaguids/1","items":[{"aaguid":"fbfc3007-154e-4ecc-8c0b-6e020557d7bd","name":"Apple Passwords"}]}`, items: 1, matched: 1},
		{name: "hotp", file: `{"schema":"totp/1","items":[{"id":"a","kind":"hotp","secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","counter":1,"code":"287082"}]}`, items: 1, matched: 1},
		{name: "hotp, other code", file: `{"schema":"totp/1","items":[{"id":"a","kind":"hotp","secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","counter":2,"code":"287082"}]}`, items: 1, different: 1},
		{name: "totp", file: `{"schema":"totp/1","items":[{"id":"a","kind":"totp","secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","digits":8,"time":59,"code":"94287082"}]}`, items: 1, matched: 1},
		{name: "totp, MD5", file: `{"schema":"totp/1","items":[{"id":"a","kind":"totp","secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","algorithm":"MD5","time":59,"code":"287082","expect":"reject"}]}`, items: 1, matched: 1},
		{name: "totp_validate, one step late", file: `{"schema":"totp/1","items":[{"id":"a","kind":"totp_validate","secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","time":89,"code":"287082"}]}`, items: 1, matched: 1},
		{name: "totp_validate, two steps late", file: `{"schema":"totp/1","items":[{"id":"a","kind":"totp_validate","secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","time":120,"code":"287082","expect":"reject"}]}`, items: 1, matched: 1},
		{name: "totp_validate, another window", file: `{"schema":"totp/1","items":[{"id":"a","kind":"totp_validate","secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","time":120,"skew":2,"code":"287082"}]}`, items: 1},
		{name: "secret", file: `{"schema":"totp/1","items":[{"id":"a","kind":"secret","secret":"gezd gnbv-gy3t","secret_hex":"31323334353637"}]}`, items: 1, matched: 1},
		{name: "secret, not base32", file: `{"schema":"totp/1","items":[{"id":"a","kind":"secret","secret":"GEZD1","expect":"reject"}]}`, items: 1, matched: 1},
		{name: "uri, null is not compared", file: `{"schema":"totp/1","items":[{"id":"a","kind":"uri","uri":"otpauth://totp/A:b?secret=GEZDGNBV","fields":{"issuer":"A","account":"b","digits":null}}]}`, items: 1, matched: 1},
		{name: "uri, other issuer", file: `{"schema":"totp/1","items":[{"id":"a","kind":"uri","uri":"otpauth://totp/A:b?secret=GEZDGNBV","fields":{"issuer":"B"}}]}`, items: 1, different: 1},
		{name: "csv", file: `{"schema":"totp/1","items":[{"id":"a","kind":"csv","text":"T1,3132333435363738,TOTP,6,60\nT2,3132333435363739","expected":{"keys":2,"period":60,"serial":"T1","secret_hex":"3132333435363738"}}]}`, items: 1, matched: 1},
		{name: "csv, a bad row", file: `{"schema":"totp/1","items":[{"id":"a","kind":"csv","text":"T1,3132333435363738,TOTP,6,60\nT2,xyz","expect":"reject"}]}`, items: 1, matched: 1},
		{name: "totp, kind that nothing covers", file: `{"schema":"totp/1","items":[{"id":"a","kind":"smoke_signal"}]}`, items: 1},
		{name: "an ill-formed item among others", file: `{"schema":"totp/1","items":[{"id":7,"kind":"hotp"},"x",null,{"id":"a","kind":"hotp","expect":"reject","counter":"one"},{"id":"b","kind":"hotp","secret":"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ","counter":1,"code":"287082"}]}`, items: 5, matched: 1, different: 3},
		{name: "webauthn, challenge no base64url", file: `{"schema":"webauthn/1","items":[{"id":"a","kind":"registration","expect":"reject","challenge":"*"},{"id":"b","kind":"registration","expect":"reject","challenge":"AAEC","response":{}}]}`, items: 2, matched: 1, different: 1},
		{name: "webauthn, roots of any form", file: `{"schema":"webauthn/1","roots":["x"],"items":[{"id":"b","kind":"registration","expect":"reject","trust_root":"w3c","challenge":"AAEC","response":{}}]}`, items: 1, matched: 1},
		{name: "policies, one no object", file: `[{"name":"a","expect":"allow"},3]`, items: 2, different: 1},
		{name: "list of numbers", file: `[1,2]`, unknown: true},
		{name: "list of objects of another form", file: `[{"name":"a","expect":"allow"}]`, items: 1},
		{name: "policy, allow", file: `[{"name":"a","policies":[` + allowAll + `],"request":{"action":"a:b","resource":"*","context":{"k":["v"]}},"expect":"allow"}]`, items: 1, matched: 1},
		{name: "policy, which deny counts", file: `[{"name":"a","policies":[],"request":{"action":"a:b","resource":"*"},"expect":"implicitDeny"},{"name":"b","policies":[],"request":{"action":"a:b","resource":"*"},"expect":"explicitDeny"}]`, items: 2, matched: 1, different: 1},
		{name: "policy, other effect", file: `[{"name":"a","policies":[` + allowAll + `],"request":{"action":"a:b","resource":"*"},"expect":"explicitDeny"}]`, items: 1, different: 1},
		{name: "policy, malformed", file: `[{"name":"a","policies":[{}],"request":{"action":"a:b","resource":"*"},"expect":"allow"},{"name":"b","policies":[{}],"request":{"action":"a:b","resource":"*"},"expect":"implicitDeny"}]`, items: 2, different: 2},
		{name: "policy, no effect", file: `[{"name":"a","policies":[],"request":{},"expect":"maybe"}]`, items: 1, different: 1},
		{name: "policy, a key that is a number", file: `[{"name":"a","policies":[],"request":{"context":{"k":7}},"expect":"implicitDeny"}]`, items: 1, different: 1},
		{name: "malformed, policy and BLOB", file: `{"schema":"malformed/1","items":[{"id":"a","target":"iam_policy","expect":"reject","hex":"7b7d"},{"id":"b","target":"jwt","expect":"reject","hex":"2e2e"}]}`, items: 2, matched: 2},
		{name: "other JSON", file: `{"hello":"world"}`, unknown: true},
		{name: "no JSON", file: `FIDO:/`, unknown: true},
		{name: "nothing", file: ``, unknown: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s vectors.Summary
			err := vectors.Run(t.Context(), c.name, []byte(c.file), func(r vectors.Result) { s.Add(r) })
			if errors.Is(err, vectors.ErrForm) != c.unknown || !c.unknown && err != nil {
				t.Fatalf("err = %v", err)
			}
			if want := (vectors.Summary{Items: c.items, Matched: c.matched, Mismatched: c.different, NotCovered: c.items - c.matched - c.different}); s != want {
				t.Errorf("%+v, want %+v", s, want)
			}
		})
	}
}
