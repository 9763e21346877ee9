package webauthnwin

import "github.com/keyferry/keyferry/backend/mfa"

// Version is that of webauthn.dll's interface, from 1 on. It fails with
// platform-missing (param system).
func Version() (int, error) {
	dll, err := load()
	if err != nil {
		return 0, err
	}
	return int(dll.version()), nil
}

// Require is nil where the interface has at least this version, and fails with
// platform-missing (param system) or platform-too-old (params have, need).
func Require(need int) error {
	dll, err := load()
	if err != nil {
		return err
	}
	return require(dll, need)
}

func require(dll native, need int) error {
	if have := dll.version(); int64(have) < int64(need) {
		return tooOld(have, uint32(need))
	}
	return nil
}

// Hybrid says whether the system itself brings the person to a phone. Where it does
// not, Keyferry's own QR code is the way there.
func Hybrid() bool { return Require(VersionHybrid) == nil }

// HelloAvailable says whether Windows Hello is set up for this person. It fails with
// platform-missing, or platform-failed (param code).
func HelloAvailable() (bool, error) {
	dll, err := load()
	if err != nil {
		return false, err
	}
	return helloAvailable(dll)
}

func helloAvailable(dll native) (bool, error) {
	is, hr := dll.helloAvailable()
	if hr.failed() {
		return false, mfa.Fail(mfa.CodePlatformFailed, "code", hr.String()).Because(&callError{hr, dll.errorName(hr)})
	}
	return is, nil
}
