package mfa

import "strings"

// The forms that IAM documents. RootVirtualName is the one name under which its
// console showed root's virtual device; root may have several here, so further
// ones keep their own.
const arnPrefix = "arn:aws:iam::"

// PrincipalARN is arn:aws:iam::<account>:root, or :user<path><name>.
func PrincipalARN(a Account, p Principal) string {
	if p.Kind == Root {
		return arnPrefix + a.ID + ":root"
	}
	return arnPrefix + a.ID + ":user" + pathOr(p.Path) + p.Name
}

// GroupARN is arn:aws:iam::<account>:group<path><name>.
func GroupARN(a Account, g Group) string {
	return arnPrefix + a.ID + ":group" + pathOr(g.Path) + g.Name
}

// PolicyARN is arn:aws:iam::<account>:policy<path><name>.
func PolicyARN(a Account, path, name string) string {
	return arnPrefix + a.ID + ":policy" + pathOr(path) + name
}

// VirtualARN is arn:aws:iam::<account>:mfa/<name>.
func VirtualARN(a Account, name string) string { return arnPrefix + a.ID + ":mfa/" + name }

// PasskeyARN is arn:aws:iam::<account>:u2f/user/<user>/<device name>-<26 characters>.
// For root only the word u2f is documented; the branch root-account is ours.
func PasskeyARN(a Account, p Principal, name string) string {
	owner := "root-account"
	if p.Kind == User {
		owner = "user/" + p.Name
	}
	return arnPrefix + a.ID + ":u2f/" + owner + "/" + name + "-" + NewID()
}

// IsPasskeyARN reports the form that GetMFADevice takes, and it takes no other.
func IsPasskeyARN(serial string) bool {
	rest, ok := strings.CutPrefix(serial, arnPrefix)
	_, resource, found := strings.Cut(rest, ":")
	return ok && found && strings.HasPrefix(resource, "u2f/")
}

// Lengths of a serial number, serialNumberType of the IAM model.
const (
	MinSerial = 9
	MaxSerial = 256
)

// CheckSerial holds a serial number against [\w+=/:,.@-]{9,256}. serial-invalid
// (params: min, max).
func CheckSerial(serial string) error {
	ok := len(serial) >= MinSerial && len(serial) <= MaxSerial
	for i := range len(serial) {
		ok = ok && (isWord(serial[i]) || strings.IndexByte(nameCharacters+"/:", serial[i]) >= 0)
	}
	if !ok {
		return Fail(CodeSerialInvalid, "min", "9", "max", "256")
	}
	return nil
}

// CheckPath holds a user's path against IAM's: "/" or /…/, U+0021 to U+007F, up to
// 512 characters. path-invalid.
func CheckPath(path string) error {
	ok := len(path) >= 1 && len(path) <= 512 && path[0] == '/' && path[len(path)-1] == '/'
	for i := range len(path) {
		ok = ok && path[i] >= 0x21 && path[i] <= 0x7f
	}
	if !ok {
		return Fail(CodePathInvalid)
	}
	return nil
}

func pathOr(path string) string {
	if path == "" {
		return RootPath
	}
	return path
}
