package vectors_test

import (
	"testing"

	"github.com/keyferry/keyferry/backend/vectors"
)

// FuzzRun holds that no file makes the runner itself fall over.
func FuzzRun(f *testing.F) {
	for _, seed := range []string{
		`{"vectors":[{"id":"a","kind":"domain","in":{"id":0},"out":{"domain":"cable.ua5v.com"}}]}`,
		`{"vectors":[{"id":"a","kind":"update","in":{"message":"02a0"},"out":{"linking":null}}]}`,
		`{"vectors":[{"id":"a","kind":"handshake_kn","in":{"psk":""},"error":"reject"}]}`,
		`{"schema":"webauthn/1","items":[{"id":"a","kind":"assertion","expect":"reject","response":{}}]}`,
		`{"schema":"ctap2/1","items":[{"id":"a","kind":"getInfo.response","expect":"reject","hex":"a0"}]}`,
		`{"schema":"malformed/1","items":[{"id":"a","target":"cose","expect":"reject","gen":{"prefix":"","unit":"81","count":10,"suffix":"00"}}]}`,
		`{"schema":"aaguids/1","items":[{"aaguid":"x","name":""}]}`,
		`[{"name":"a","policies":[{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}],"request":{"action":"a:b","resource":"*","context":{"k":["v"]}},"expect":"allow"}]`,
		`{"schema":"malformed/1","items":[{"id":"a","target":"jwt","expect":"reject","hex":"2e2e"},{"id":"b","target":"iam_policy","expect":"either","hex":"7b7d"}]}`,
		`[{"name":"a"}]`, `null`, `{}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = vectors.Run(t.Context(), "fuzz", data, func(r vectors.Result) {
			if r.Match && !r.Covered {
				t.Errorf("passed without being covered: %+v", r)
			}
		})
	})
}
