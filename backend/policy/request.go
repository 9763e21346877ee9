package policy

// Request is one question: may this action be done to this resource, under these
// circumstances? Who asks is told by keys (aws:username, aws:PrincipalArn, …).
type Request struct {
	Action   string // service:Name
	Resource string // an ARN; "*" for actions that know no resource
	Keys     Keys
}

// Keys are the condition keys of a request. Names are compared without case; of two
// that differ by case alone the one that sorts first counts. What is not in the map
// is absent, and that is not the same as an empty text.
type Keys map[string]Value

// Value is a key's value: Single, or Multi where the key is one of those that can
// have several values, even if it has one now. A Multi without values is absent.
// Binary values are base64.
type Value struct {
	Single string
	Multi  []string
}

// One is the value of a key that has a single one.
func One(s string) Value { return Value{Single: s} }

// Many is the value of a multi-valued key.
func Many(s ...string) Value { return Value{Multi: append([]string{}, s...)} }

func (v Value) isMulti() bool  { return v.Multi != nil }
func (v Value) isAbsent() bool { return v.Multi != nil && len(v.Multi) == 0 }
