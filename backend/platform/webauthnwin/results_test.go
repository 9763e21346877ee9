package webauthnwin

import (
	"encoding/binary"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

func isMalformed(err error) bool {
	return mfa.IsCode(err, mfa.CodePlatformFailed) && mfa.AsFailure(err).Params["code"] == "malformed"
}

func TestBadAttestation(t *testing.T) {
	for name, change := range map[string]func(*fakeDLL, *attestation){
		"version 0":                     func(_ *fakeDLL, a *attestation) { a.Version = 0 },
		"a huge object":                 func(_ *fakeDLL, a *attestation) { a.ObjectSize = 0xFFFFFFFF },
		"an object above the bound":     func(_ *fakeDLL, a *attestation) { a.ObjectSize = maxAttestation + 1 },
		"an object at no address":       func(_ *fakeDLL, a *attestation) { a.Object = 0 },
		"an object elsewhere":           func(_ *fakeDLL, a *attestation) { a.Object = 0xDEAD },
		"an object longer than it is":   func(_ *fakeDLL, a *attestation) { a.ObjectSize = 7 },
		"no object":                     func(_ *fakeDLL, a *attestation) { a.ObjectSize = 0 },
		"no authenticator data":         func(_ *fakeDLL, a *attestation) { a.AuthDataSize = 0 },
		"huge authenticator data":       func(_ *fakeDLL, a *attestation) { a.AuthDataSize = 1 << 31 },
		"short authenticator data":      func(_ *fakeDLL, a *attestation) { a.AuthDataSize = 36 },
		"another RP":                    func(f *fakeDLL, a *attestation) { a.AuthData = f.put(authData("evil.example")) },
		"huge client data":              func(_ *fakeDLL, a *attestation) { a.ClientDataJSONSize = 0xFFFFFFFF },
		"client data at no address":     func(_ *fakeDLL, a *attestation) { a.ClientDataJSON = 0 },
		"authenticator data at nowhere": func(_ *fakeDLL, a *attestation) { a.AuthData = 1 },
		"nobody was there": func(f *fakeDLL, a *attestation) {
			data := authData(rpID)
			data[32] = 0
			a.AuthData = f.put(data)
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, 9).attests(8)
			change(f, &f.makeResult)
			_, err := newClient(f, nil).MakeCredential(t.Context(), sampleCreate())
			if !isMalformed(err) {
				t.Errorf("%v", err)
			}
			if len(f.freed) != 1 || f.calls != 1 {
				t.Errorf("%d calls, freed %v", f.calls, f.freed)
			}
		})
	}
}

func TestBadAssertion(t *testing.T) {
	for name, change := range map[string]func(*fakeDLL, *assertion){
		"version 0":                 func(_ *fakeDLL, a *assertion) { a.Version = 0 },
		"no signature":              func(_ *fakeDLL, a *assertion) { a.SignatureSize = 0 },
		"a huge signature":          func(_ *fakeDLL, a *assertion) { a.SignatureSize = 0xFFFFFFFF },
		"no credential":             func(_ *fakeDLL, a *assertion) { a.Credential.IDSize = 0 },
		"a huge credential":         func(_ *fakeDLL, a *assertion) { a.Credential.IDSize = 1024 },
		"a credential not asked of": func(f *fakeDLL, a *assertion) { a.Credential.ID = f.put([]byte("yek")) },
		"a long user handle":        func(_ *fakeDLL, a *assertion) { a.UserIDSize = 65 },
		"a user handle nowhere":     func(_ *fakeDLL, a *assertion) { a.UserID = 0 },
		"another RP":                func(f *fakeDLL, a *assertion) { a.AuthData = f.put(authData("evil.example")) },
		"short authenticator data":  func(_ *fakeDLL, a *assertion) { a.AuthDataSize = 1 },
		"huge client data":          func(_ *fakeDLL, a *assertion) { a.ClientDataJSONSize = 1 << 30 },
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, 9).asserts(6)
			change(f, &f.getResult)
			_, err := newClient(f, nil).GetAssertion(t.Context(), sampleGet())
			if !isMalformed(err) || len(f.freed) != 1 {
				t.Errorf("%v, freed %v", err, f.freed)
			}
		})
	}
}

// The structure itself ends in the middle, for a version that says more.
func TestShortStructures(t *testing.T) {
	for size := range 192 {
		f := newFake(t, 9).attests(8)
		if f.short = size; size == 0 {
			continue
		}
		if _, err := newClient(f, nil).MakeCredential(t.Context(), sampleCreate()); !isMalformed(err) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

// fuzzMemory is 4 KiB from address 0x1000 on, of which the structure lies at the start.
type fuzzMemory struct {
	t    *testing.T
	data []byte
}

const fuzzBase = 0x1000

func (m fuzzMemory) read(at address, n int) ([]byte, bool) {
	if n < 0 || n > maxAttestation {
		m.t.Fatalf("%d bytes were asked for", n)
	}
	if at < fuzzBase || uint64(at)-fuzzBase+uint64(n) > uint64(len(m.data)) {
		return nil, false
	}
	return append([]byte(nil), m.data[at-fuzzBase:][:n]...), true
}

// FuzzResults reads whatever the library may leave in memory.
func FuzzResults(f *testing.F) {
	data := authData(rpID)
	made := attestation{Version: 8, AuthDataSize: 37, AuthData: fuzzBase + 192, ObjectSize: 3, Object: fuzzBase + 229, UsedTransport: 1, ResidentKey: 1,
		ClientDataJSONSize: 2, ClientDataJSON: fuzzBase + 230}
	got := assertion{Version: 6, AuthDataSize: 37, AuthData: fuzzBase + 168, SignatureSize: 3, Signature: fuzzBase + 205,
		Credential: credentialOut{1, 3, fuzzBase + 205, 0}, UserIDSize: 1, UserID: fuzzBase + 205, UsedTransport: 0x20}
	f.Add(append(append(raw(&made), data...), "key"...))
	f.Add(append(append(raw(&got), data...), "key"...))
	f.Add(binary.LittleEndian.AppendUint32(nil, 8))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, piece []byte) {
		m := fuzzMemory{t, piece}
		if c, err := readAttestation(m, fuzzBase, sampleCreate()); err == nil {
			if len(c.AttestationObject) == 0 || len(c.AttestationObject) > maxAttestation || len(c.ClientDataJSON) > maxAnsweredJSON {
				t.Errorf("%+v", c)
			}
		} else if !isMalformed(err) {
			t.Errorf("%v", err)
		}
		if a, err := readAssertion(m, fuzzBase, sampleGet()); err == nil {
			if len(a.AuthData) < 37 || len(a.Signature) == 0 || string(a.CredentialID) != "key" || len(a.UserHandle) > maxUserHandle {
				t.Errorf("%+v", a)
			}
		} else if !isMalformed(err) {
			t.Errorf("%v", err)
		}
	})
}
