//go:build associated

package macos

import (
	"slices"
	"sync"

	"github.com/ebitengine/purego"
	"github.com/ebitengine/purego/objc"

	f "github.com/keyferry/keyferry/backend/platform/macos/foundation"
)

// authenticationServices is the framework itself. Its sheet is shown from the main thread,
// whose loop AppKit runs.
type authenticationServices struct {
	framework uintptr
	delegate  objc.Class

	mainQueue       uintptr
	async           func(queue, context, work uintptr)
	taskOfSelf      func(allocator uintptr) uintptr
	taskEntitlement func(task, key, failure uintptr) uintptr
}

var loadOnce = sync.OnceValues(func() (*authenticationServices, error) {
	s := &authenticationServices{}
	var err error
	if s.framework, err = f.Load("AuthenticationServices"); err != nil {
		return nil, missing(whyNotBuilt).Because(err)
	}
	security, err := f.Load("Security")
	if err == nil {
		err = f.Bind(security, map[string]any{"SecTaskCreateFromSelf": &s.taskOfSelf, "SecTaskCopyValueForEntitlement": &s.taskEntitlement})
	}
	if err == nil {
		err = f.Bind(f.Process, map[string]any{"dispatch_async_f": &s.async})
	}
	if err == nil {
		s.mainQueue, err = f.Address(f.Process, "_dispatch_main_q")
	}
	if err == nil {
		s.delegate, err = delegateClass()
	}
	if err != nil {
		return nil, missing(whyNotBuilt).Because(err)
	}
	return s, nil
})

// load says no-window before AppKit's loop runs: a program without it never gets to the
// main thread's queue.
func load() (services, error) {
	s, err := loadOnce()
	if err != nil {
		return nil, err
	}
	running := false
	f.Pool(func() {
		if app := f.Class("NSApplication"); app != 0 {
			running = f.Yes(f.Ask(app, "sharedApplication"), "isRunning")
		}
	})
	if !running {
		return nil, missing(whyNoWindow)
	}
	return s, nil
}

func (s *authenticationServices) signed() (is signature) {
	f.Pool(func() {
		task := objc.ID(s.taskOfSelf(0))
		if task == 0 {
			return
		}
		defer f.Release(task)
		for _, d := range f.Items(s.entitlement(task, entitlementDomains)) {
			is.domains = append(is.domains, f.Text(d, maxDomain))
		}
		n, _ := f.Integer(s.entitlement(task, entitlementBrowser))
		is.browser = n == 1
	})
	return is
}

// entitlement lives as long as the pool; 0 where the signature has none.
func (s *authenticationServices) entitlement(task objc.ID, name string) objc.ID {
	return f.Ask(objc.ID(s.taskEntitlement(uintptr(task), uintptr(f.String(name)), 0)), "autorelease")
}

// onMain does something on the main thread, soon.
func (s *authenticationServices) onMain(work func()) {
	s.async(s.mainQueue, works.add(func() { f.Pool(work) }), runWork())
}

// works are run once each, and found by numbers that are not used again.
var works workTable

type workTable struct {
	mu   sync.Mutex
	last uintptr
	all  map[uintptr]func()
}

func (t *workTable) add(work func()) uintptr {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil {
		t.all = map[uintptr]func(){}
	}
	t.last++
	t.all[t.last] = work
	return t.last
}

func (t *workTable) take(number uintptr) func() {
	t.mu.Lock()
	defer t.mu.Unlock()
	work := t.all[number]
	delete(t.all, number)
	return work
}

var runWork = sync.OnceValue(func() uintptr {
	return purego.NewCallback(func(number uintptr) {
		if work := works.take(number); work != nil {
			work()
		}
	})
})

func (s *authenticationServices) perform(window uintptr, r request, done func(answer, error)) (cancel func()) {
	o := &operation{services: s, window: objc.ID(window), done: done}
	s.onMain(func() { o.begin(r) })
	return func() { s.onMain(o.cancel) }
}

// requests makes what the controller is to perform; all of it lives as long as the pool.
func (s *authenticationServices) requests(r request) objc.ID {
	var all []objc.ID
	if r.platform {
		all = append(all, s.platformRequest(r))
	}
	if r.securityKey {
		all = append(all, s.keyRequest(r))
	}
	return f.Array(all...)
}

func (s *authenticationServices) platformRequest(r request) objc.ID {
	p := provider("ASAuthorizationPlatformPublicKeyCredentialProvider", r.rpID)
	var made objc.ID
	list := "setAllowedCredentials:"
	if r.create {
		made = f.Ask(p, "createCredentialRegistrationRequestWithChallenge:name:userID:", f.Data(r.challenge), f.String(r.user.Name), f.Data(r.user.ID))
		set(made, "setDisplayName:", f.String(r.user.DisplayName))
		s.prefer(made, "setAttestationPreference:", "ASAuthorizationPublicKeyCredentialAttestationKind", r.attestation)
		list = "setExcludedCredentials:"
	} else {
		made = f.Ask(p, "createCredentialAssertionRequestWithChallenge:", f.Data(r.challenge))
	}
	s.prefer(made, "setUserVerificationPreference:", "ASAuthorizationPublicKeyCredentialUserVerificationPreference", r.verification)
	var ids []objc.ID
	for _, d := range r.list {
		id := f.Ask(f.Ask(f.Class("ASAuthorizationPlatformPublicKeyCredentialDescriptor"), "alloc"), "initWithCredentialID:", f.Data(d.ID))
		ids = append(ids, f.Ask(id, "autorelease"))
	}
	set(made, list, f.Array(ids...))
	return made
}

func (s *authenticationServices) keyRequest(r request) objc.ID {
	p := provider("ASAuthorizationSecurityKeyPublicKeyCredentialProvider", r.rpID)
	var made objc.ID
	list := "setAllowedCredentials:"
	if r.create {
		made = f.Ask(p, "createCredentialRegistrationRequestWithChallenge:displayName:name:userID:",
			f.Data(r.challenge), f.String(r.user.DisplayName), f.String(r.user.Name), f.Data(r.user.ID))
		var parameters []objc.ID
		for _, alg := range r.algorithms {
			p := f.Ask(f.Ask(f.Class("ASAuthorizationPublicKeyCredentialParameters"), "alloc"), "initWithAlgorithm:", alg)
			parameters = append(parameters, f.Ask(p, "autorelease"))
		}
		set(made, "setCredentialParameters:", f.Array(parameters...))
		s.prefer(made, "setResidentKeyPreference:", "ASAuthorizationPublicKeyCredentialResidentKeyPreference", r.residentKey)
		s.prefer(made, "setAttestationPreference:", "ASAuthorizationPublicKeyCredentialAttestationKind", r.attestation)
		list = "setExcludedCredentials:"
	} else {
		made = f.Ask(p, "createCredentialAssertionRequestWithChallenge:", f.Data(r.challenge))
	}
	s.prefer(made, "setUserVerificationPreference:", "ASAuthorizationPublicKeyCredentialUserVerificationPreference", r.verification)
	var ids []objc.ID
	for _, d := range r.list {
		id := f.Ask(f.Ask(f.Class("ASAuthorizationSecurityKeyPublicKeyCredentialDescriptor"), "alloc"),
			"initWithCredentialID:transports:", f.Data(d.ID), s.transports(d.Transports))
		ids = append(ids, f.Ask(id, "autorelease"))
	}
	set(made, list, f.Array(ids...))
	return made
}

func provider(class, rpID string) objc.ID {
	p := f.Ask(f.Ask(f.Class(class), "alloc"), "initWithRelyingPartyIdentifier:", f.String(rpID))
	return f.Ask(p, "autorelease")
}

// set sets what this version of macOS knows, and leaves out the rest.
func set(o objc.ID, message string, value objc.ID) {
	if f.Can(o, message) {
		f.Ask(o, message, value)
	}
}

// prefer sets a preference to one of the constants that the framework exports; the empty
// word leaves it as it is.
func (s *authenticationServices) prefer(o objc.ID, message, kind string, w word) {
	if w == "" {
		return
	}
	if value, err := f.Constant(s.framework, kind+string(w)); err == nil {
		set(o, message, objc.ID(value))
	}
}

// transports names the ways to a key; all that there are where none is known.
func (s *authenticationServices) transports(known []string) objc.ID {
	var all, some []objc.ID
	for _, t := range []struct{ word, name string }{{"usb", "USB"}, {"nfc", "NFC"}, {"ble", "Bluetooth"}} {
		value, err := f.Constant(s.framework, "ASAuthorizationSecurityKeyPublicKeyCredentialDescriptorTransport"+t.name)
		if err != nil {
			continue
		}
		all = append(all, objc.ID(value))
		if slices.Contains(known, t.word) {
			some = append(some, objc.ID(value))
		}
	}
	if len(some) == 0 {
		some = all
	}
	return f.Array(some...)
}
