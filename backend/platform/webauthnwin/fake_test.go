package webauthnwin

import (
	"crypto/sha256"
	"sync"
	"testing"
	"unicode/utf16"
	"unsafe"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/ctap2"
)

// fakeMemory is memory of the library: pieces at addresses, and nothing between them.
type fakeMemory struct {
	t      testing.TB
	pieces map[address][]byte
}

// put keeps data at a new address with nothing behind it.
func (m *fakeMemory) put(data []byte) address {
	at := address(0x10000 * (len(m.pieces) + 1))
	m.pieces[at] = data
	return at
}

func (m *fakeMemory) read(at address, n int) ([]byte, bool) {
	if n > maxAttestation {
		m.t.Errorf("%d bytes were asked for", n)
	}
	piece, there := m.pieces[at]
	if !there || n < 0 || n > len(piece) {
		return nil, false
	}
	return append([]byte(nil), piece[:n]...), true
}

// fakeDLL is webauthn.dll in memory of Go. answers are given one after another, the
// last again and again; block, if set, holds a call until it was cancelled so often.
type fakeDLL struct {
	fakeMemory
	api     uint32
	answers []hresult
	block   int
	release chan struct{} // ends a block without a cancellation
	began   func()        // called when a call has begun to block

	makeResult attestation
	getResult  assertion
	short      int // bytes of a result that are there; 0 is all
	empty      bool
	noID       bool
	hello      bool
	helloHR    hresult

	mu        sync.Mutex
	calls     int
	cancelled []guid
	enough    chan struct{}
	freed     []address
	results   []address
	created   *createInput
	asked     *getInput
	window    uintptr
}

func newFake(t testing.TB, api uint32) *fakeDLL {
	return &fakeDLL{fakeMemory: fakeMemory{t, map[address][]byte{}}, api: api, enough: make(chan struct{}), release: make(chan struct{})}
}

func (f *fakeDLL) version() uint32 { return f.api }

var sampleID = guid{1, 2, 3, [8]byte{4, 5, 6, 7, 8, 9, 10, 11}}

func (f *fakeDLL) cancellationID() (guid, hresult) {
	if f.noID {
		return guid{}, noSuchFunction
	}
	return sampleID, ok
}

func (f *fakeDLL) cancel(id *guid) hresult {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cancelled = append(f.cancelled, *id)
	if len(f.cancelled) == f.block {
		close(f.enough)
	}
	return ok
}

func (f *fakeDLL) begin(window uintptr) (hr hresult) {
	f.mu.Lock()
	f.window = window
	f.calls++
	if len(f.answers) > 0 {
		hr = f.answers[min(f.calls, len(f.answers))-1]
	}
	block := f.block
	f.mu.Unlock()
	if block != 0 {
		if f.began != nil {
			f.began()
		}
		select {
		case <-f.enough:
			hr = nteUserCancelled
		case <-f.release:
		}
	}
	return hr
}

func (f *fakeDLL) makeCredential(window uintptr, in *createInput) (address, hresult) {
	hr := f.begin(window)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.created = in
	if hr != ok || f.empty {
		return 0, hr
	}
	return f.give(raw(&f.makeResult)), ok
}

func (f *fakeDLL) getAssertion(window uintptr, in *getInput) (address, hresult) {
	hr := f.begin(window)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = in
	if hr != ok || f.empty {
		return 0, hr
	}
	return f.give(raw(&f.getResult)), ok
}

func (f *fakeDLL) give(result []byte) address {
	if f.short > 0 {
		result = result[:f.short]
	}
	at := f.put(result)
	f.results = append(f.results, at)
	return at
}

func (f *fakeDLL) freeAttestation(at address) { f.free(at) }
func (f *fakeDLL) freeAssertion(at address)   { f.free(at) }

func (f *fakeDLL) free(at address) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.freed = append(f.freed, at)
	delete(f.pieces, at)
}

func (f *fakeDLL) helloAvailable() (bool, hresult) { return f.hello, f.helloHR }
func (f *fakeDLL) errorName(hresult) string        { return "NameOfTheFake" }

func raw[T any](v *T) []byte {
	return append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(v)), unsafe.Sizeof(*v))...)
}

// What is asked and answered in the tests.
const rpID = "keyferry.example"

func sampleCreate() authenticator.NativeCreate {
	return authenticator.NativeCreate{
		ClientDataJSON: []byte(`{"type":"webauthn.create"}`),
		RP:             ctap2.RelyingParty{ID: rpID, Name: "Keyferry Prüfung"},
		User:           ctap2.User{ID: []byte{1, 2, 3}, Name: "root@example.org", DisplayName: "Zoë 🗝"},
		Parameters:     []ctap2.CredentialParameters{{Type: "public-key", Alg: -7}, {Type: "public-key", Alg: -257}},
		Exclude: []authenticator.NativeDescriptor{
			{ID: []byte("old key"), Transports: []string{"usb", "nfc"}},
			{ID: []byte("old phone"), Transports: []string{"internal", "hybrid"}},
		},
		ResidentKey: "preferred", UserVerification: "required", Attestation: "direct",
		Hints: []string{"client-device", "hybrid", "security-key"},
	}
}

func sampleGet() authenticator.NativeGet {
	return authenticator.NativeGet{
		ClientDataJSON:   []byte(`{"type":"webauthn.get"}`),
		RPID:             rpID,
		Allow:            []authenticator.NativeDescriptor{{ID: []byte("key"), Transports: []string{"usb"}}, {ID: []byte("anything")}},
		UserVerification: "preferred",
		Hints:            []string{"security-key", "hybrid"},
	}
}

func authData(id string) []byte {
	hash := sha256.Sum256([]byte(id))
	return append(hash[:], flagUserPresent, 0, 0, 0, 7)
}

// attests makes f answer as a library of this version of the structure does.
func (f *fakeDLL) attests(version uint32) *fakeDLL {
	data := authData(rpID)
	f.makeResult = attestation{Version: version,
		AuthDataSize: uint32(len(data)), AuthData: f.put(data),
		ObjectSize: 6, Object: f.put([]byte("object")),
		CredentialIDSize: 2, CredentialID: f.put([]byte("id")),
		UsedTransport: 1, ResidentKey: 1, Transports: 3,
		ClientDataJSONSize: 5, ClientDataJSON: f.put([]byte("other")),
	}
	return f
}

func (f *fakeDLL) asserts(version uint32) *fakeDLL {
	data := authData(rpID)
	f.getResult = assertion{Version: version,
		AuthDataSize: uint32(len(data)), AuthData: f.put(data),
		SignatureSize: 3, Signature: f.put([]byte("sig")),
		Credential: credentialOut{Version: 1, IDSize: 3, ID: f.put([]byte("key"))},
		UserIDSize: 4, UserID: f.put([]byte("user")),
		UsedTransport:      0x20,
		ClientDataJSONSize: 5, ClientDataJSON: f.put([]byte("other")),
	}
	return f
}

// word reads UTF-16 back.
func word(p *uint16) string {
	if p == nil {
		return "<nil>"
	}
	var units []uint16
	for ; *p != 0; p = (*uint16)(unsafe.Add(unsafe.Pointer(p), 2)) {
		units = append(units, *p)
	}
	return string(utf16.Decode(units))
}
