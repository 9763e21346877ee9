package authenticator

import "github.com/keyferry/keyferry/backend/mfa"

// largeBlob is what a relying party asks of the extension largeBlob (WebAuthn Level 3
// section 10.1.5). A credential is made that can hold one, where the authenticator offers
// that. Blobs themselves are neither read nor written here: what is asked of them at a
// sign-in is answered as not there, and not written.
type largeBlob struct {
	asked   bool
	support string // at a creation: preferred or required; preferred for anything else
	write   bool   // at a sign-in
}

// readLargeBlob reads the inputs of a creation. What belongs to a sign-in is
// unsupported-option.
func readLargeBlob(extensions object) (largeBlob, error) {
	if extensions.m["largeBlob"] == nil {
		return largeBlob{}, nil
	}
	in := extensions.inside("largeBlob")
	if in.m["read"] != nil || in.m["write"] != nil {
		return largeBlob{}, mfa.Fail(mfa.CodeUnsupportedOption)
	}
	b := largeBlob{asked: true, support: in.text("support")}
	if b.support != required {
		b.support = preferred
	}
	return b, nil
}

// readLargeBlobUse reads the inputs of a sign-in. What belongs to a creation, both reading
// and writing, and writing without one credential are unsupported-option.
func readLargeBlobUse(extensions object, allow []known) (largeBlob, error) {
	if extensions.m["largeBlob"] == nil {
		return largeBlob{}, nil
	}
	in := extensions.inside("largeBlob")
	read := in.flag("read")
	b := largeBlob{asked: read || in.m["write"] != nil, write: in.m["write"] != nil}
	if b.write {
		in.text("write")
	}
	if in.m["support"] != nil || read && b.write || b.write && len(allow) != 1 {
		return largeBlob{}, mfa.Fail(mfa.CodeUnsupportedOption)
	}
	return b, nil
}
