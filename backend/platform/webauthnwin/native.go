package webauthnwin

// native is what is called of webauthn.dll. The real one is in native_windows.go, the
// tests bring one of their own, so that everything else runs on any system.
//
// makeCredential and getAssertion block until the system's window is closed. What they
// give on success belongs to the library until it is freed.
type native interface {
	version() uint32
	cancellationID() (guid, hresult)
	cancel(id *guid) hresult
	makeCredential(window uintptr, in *createInput) (address, hresult)
	getAssertion(window uintptr, in *getInput) (address, hresult)
	freeAttestation(at address)
	freeAssertion(at address)
	helloAvailable() (bool, hresult)
	errorName(hr hresult) string
	memory
}

// memory is where the library's answers lie. read gives a copy, or false where it
// knows that there is nothing.
type memory interface {
	read(at address, n int) ([]byte, bool)
}

// createInput and getInput are the arguments of the two calls. Everything they point
// at stays where it is until Unpin.
type createInput struct {
	arena
	rp         *rpInfo
	user       *userInfo
	parameters *coseParameters
	data       *clientData
	options    *makeOptions
}

type getInput struct {
	arena
	rpID    *uint16
	data    *clientData
	options *getOptions
}
