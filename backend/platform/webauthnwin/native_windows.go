package webauthnwin

import (
	"sync"
	"unsafe"

	"golang.org/x/sys/windows"

	"github.com/keyferry/keyferry/backend/mfa"
)

// library is webauthn.dll of the system's own folder; a file of that name beside the
// program or on the path is not looked at.
type library struct {
	api uint32
	functions
}

type functions struct {
	apiVersion, newCancellation, cancelOperation, hello, nameOf *windows.LazyProc
	make, get, freeMade, freeGot                                *windows.LazyProc
}

const longestName = 64 // of an error, in UTF-16 units; those of the header have 17 at most

// load opens the library once. Windows has it since the version of May 2019.
var load = sync.OnceValues(func() (native, error) {
	missing := mfa.Fail(mfa.CodePlatformMissing, "system", "windows")
	dll := windows.NewLazySystemDLL("webauthn.dll")
	if err := dll.Load(); err != nil {
		return nil, missing.Because(err)
	}
	l := &library{api: 1, functions: functions{
		apiVersion:      dll.NewProc("WebAuthNGetApiVersionNumber"),
		newCancellation: dll.NewProc("WebAuthNGetCancellationId"),
		cancelOperation: dll.NewProc("WebAuthNCancelCurrentOperation"),
		hello:           dll.NewProc("WebAuthNIsUserVerifyingPlatformAuthenticatorAvailable"),
		nameOf:          dll.NewProc("WebAuthNGetErrorName"),
		make:            dll.NewProc("WebAuthNAuthenticatorMakeCredential"),
		get:             dll.NewProc("WebAuthNAuthenticatorGetAssertion"),
		freeMade:        dll.NewProc("WebAuthNFreeCredentialAttestation"),
		freeGot:         dll.NewProc("WebAuthNFreeAssertion"),
	}}
	for _, p := range []*windows.LazyProc{l.make, l.get, l.freeMade, l.freeGot} {
		if err := p.Find(); err != nil {
			return nil, missing.Because(err)
		}
	}
	if l.apiVersion.Find() == nil {
		n, _, _ := l.apiVersion.Call()
		l.api = max(uint32(n), 1)
	}
	return l, nil
})

func (l *library) version() uint32 { return l.api }

func (l *library) cancellationID() (guid, hresult) {
	var id guid
	hr := call(l.newCancellation, uintptr(unsafe.Pointer(&id)))
	return id, hr
}

func (l *library) cancel(id *guid) hresult {
	return call(l.cancelOperation, uintptr(unsafe.Pointer(id)))
}

func (l *library) makeCredential(window uintptr, in *createInput) (address, hresult) {
	var at address
	hr := call(l.make, window, uintptr(unsafe.Pointer(in.rp)), uintptr(unsafe.Pointer(in.user)), uintptr(unsafe.Pointer(in.parameters)),
		uintptr(unsafe.Pointer(in.data)), uintptr(unsafe.Pointer(in.options)), uintptr(unsafe.Pointer(&at)))
	return at, hr
}

func (l *library) getAssertion(window uintptr, in *getInput) (address, hresult) {
	var at address
	hr := call(l.get, window, uintptr(unsafe.Pointer(in.rpID)), uintptr(unsafe.Pointer(in.data)),
		uintptr(unsafe.Pointer(in.options)), uintptr(unsafe.Pointer(&at)))
	return at, hr
}

func (l *library) freeAttestation(at address) { l.freeMade.Call(uintptr(at)) }
func (l *library) freeAssertion(at address)   { l.freeGot.Call(uintptr(at)) }

func (l *library) helloAvailable() (bool, hresult) {
	var is int32
	hr := call(l.hello, uintptr(unsafe.Pointer(&is)))
	return is != 0, hr
}

func (l *library) errorName(hr hresult) string {
	if l.nameOf.Find() != nil {
		return ""
	}
	name, _, _ := l.nameOf.Call(uintptr(hr))
	if name == 0 {
		return ""
	}
	var text []uint16
	for at := address(name); len(text) < longestName; at += 2 {
		unit := *(*uint16)(pointer(at))
		if unit == 0 {
			break
		}
		text = append(text, unit)
	}
	return windows.UTF16ToString(text)
}

// read trusts the address, as nothing else can be done with it: the caller bounds n.
func (l *library) read(at address, n int) ([]byte, bool) {
	if at == 0 || n < 0 {
		return nil, false
	}
	return append([]byte(nil), unsafe.Slice((*byte)(pointer(at)), n)...), true
}

// pointer makes a pointer of what the library gave. It is not memory of Go, which is
// what the usual warning is about.
func pointer(at address) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&at)) }

// call gives the low 32 bits, which are the HRESULT; what stands above is left over.
//
//go:uintptrescapes
func call(p *windows.LazyProc, args ...uintptr) hresult {
	if p.Find() != nil {
		return noSuchFunction
	}
	hr, _, _ := p.Call(args...)
	return hresult(uint32(hr))
}
