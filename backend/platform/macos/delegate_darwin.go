//go:build associated

package macos

import (
	"sync"

	"github.com/ebitengine/purego/objc"

	f "github.com/keyferry/keyferry/backend/platform/macos/foundation"
)

// operation is one sheet. All of it but done lives on the main thread.
type operation struct {
	services             *authenticationServices
	window               objc.ID
	controller, delegate objc.ID // ours to release
	over                 bool
	done                 func(answer, error)
}

// operations finds whose a call of a delegate is, by the delegate's address: no object
// points into memory of Go.
var operations sync.Map // objc.ID to *operation

const maxErrorDomain = 256 // bytes

// delegateClass registers the class that the controller calls back, for ever.
func delegateClass() (objc.Class, error) {
	var protocols []*objc.Protocol
	for _, name := range []string{"ASAuthorizationControllerDelegate", "ASAuthorizationControllerPresentationContextProviding"} {
		if p := objc.GetProtocol(name); p != nil {
			protocols = append(protocols, p)
		}
	}
	return objc.RegisterClass("KeyferryAuthorizationDelegate", objc.GetClass("NSObject"), protocols, nil, []objc.MethodDef{
		{Cmd: objc.RegisterName("presentationAnchorForAuthorizationController:"), Fn: func(self objc.ID, _ objc.SEL, _ objc.ID) objc.ID {
			if o, there := operations.Load(self); there {
				return o.(*operation).window
			}
			return 0
		}},
		{Cmd: objc.RegisterName("authorizationController:didCompleteWithAuthorization:"), Fn: func(self objc.ID, _ objc.SEL, _, authorization objc.ID) {
			if o, there := operations.Load(self); there {
				f.Pool(func() { o.(*operation).end(read(f.Ask(authorization, "credential"))) })
			}
		}},
		{Cmd: objc.RegisterName("authorizationController:didCompleteWithError:"), Fn: func(self objc.ID, _ objc.SEL, _, failure objc.ID) {
			if o, there := operations.Load(self); there {
				f.Pool(func() {
					o.(*operation).end(answer{}, &nsError{f.Text(f.Ask(failure, "domain"), maxErrorDomain), f.Number(failure, "code")})
				})
			}
		}},
	})
}

func (o *operation) begin(r request) {
	if o.over { // cancelled before it began
		return
	}
	if o.window == 0 {
		o.window = frontWindow()
	}
	if o.window == 0 {
		o.end(answer{}, missing(whyNoWindow))
		return
	}
	o.delegate = f.Ask(f.Ask(objc.ID(o.services.delegate), "alloc"), "init")
	operations.Store(o.delegate, o)
	o.controller = f.Ask(f.Ask(f.Class("ASAuthorizationController"), "alloc"), "initWithAuthorizationRequests:", o.services.requests(r))
	f.Ask(o.controller, "setDelegate:", o.delegate)
	f.Ask(o.controller, "setPresentationContextProvider:", o.delegate)
	f.Ask(o.controller, "performRequests")
}

// cancel closes the sheet, which then says that it was. A sheet that has not begun does
// not begin.
func (o *operation) cancel() {
	switch {
	case o.over:
	case o.controller == 0:
		o.end(answer{}, &nsError{domainAuthorization, errorCanceled})
	case f.Can(o.controller, "cancel"):
		f.Ask(o.controller, "cancel")
	}
}

// end tells once. What the controller is in the middle of calling must outlast the call,
// so it is released a turn later.
func (o *operation) end(a answer, err error) {
	if o.over {
		return
	}
	o.over = true
	operations.Delete(o.delegate)
	o.services.onMain(func() {
		if o.controller != 0 {
			f.Ask(o.controller, "setDelegate:", objc.ID(0))
			f.Ask(o.controller, "setPresentationContextProvider:", objc.ID(0))
			f.Release(o.controller)
			f.Release(o.delegate)
		}
	})
	o.done(a, err)
}

func frontWindow() objc.ID {
	app := f.Ask(f.Class("NSApplication"), "sharedApplication")
	for _, which := range []string{"keyWindow", "mainWindow"} {
		if w := f.Ask(app, which); w != 0 {
			return w
		}
	}
	for _, w := range f.Items(f.Ask(app, "windows")) {
		if f.Yes(w, "isVisible") {
			return w
		}
	}
	return 0
}

// read takes a credential apart, by what it is asked for and not by what it says it is.
func read(credential objc.ID) (a answer, err error) {
	a.securityKey = f.Is(credential, "ASAuthorizationSecurityKeyPublicKeyCredentialRegistration") ||
		f.Is(credential, "ASAuthorizationSecurityKeyPublicKeyCredentialAssertion")
	a.near = !a.securityKey
	if f.Can(credential, "attachment") {
		const crossPlatform = 1 // ASAuthorizationPublicKeyCredentialAttachmentCrossPlatform
		a.near = f.Number(credential, "attachment") != crossPlatform
	}
	for _, p := range []struct {
		name string
		to   *[]byte
		most int
	}{
		{"credentialID", &a.credentialID, maxCredentialID},
		{"rawClientDataJSON", &a.clientDataJSON, maxClientData},
		{"rawAttestationObject", &a.attestationObject, maxAttestation},
		{"rawAuthenticatorData", &a.authData, maxAuthData},
		{"signature", &a.signature, maxSignature},
		{"userID", &a.userHandle, maxUserHandle},
	} {
		if !f.Can(credential, p.name) {
			continue
		}
		value := f.Ask(credential, p.name)
		if value == 0 {
			continue
		}
		whole := false
		if *p.to, whole = f.Bytes(value, p.most); !whole {
			return answer{}, malformed(p.name)
		}
	}
	return a, nil
}
