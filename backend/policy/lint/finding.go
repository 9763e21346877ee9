package lint

import (
	"cmp"
	"errors"
	"slices"
	"strconv"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policy"
)

// Level is how bad a finding is.
type Level string

const (
	Error   Level = "error"   // the document cannot be read, and so not be stored
	Warning Level = "warning" // it can, but hardly does what was meant
)

// Finding is something about a document, at a place in it. Line and column count from
// 1, column and length in characters.
type Finding struct {
	Level  Level
	Code   string // see the constants
	Line   int
	Column int
	Length int
	Params map[string]string
}

// Codes of findings, with their params.
const (
	CodeMalformed = "malformed" // what, where, wanted: as in policy-malformed
	CodeTooLarge  = "too-large" // limit, in bytes
	CodeLong      = "long"      // size, limit: longer than a managed policy may be

	CodeVersionMissing   = "version-missing"   // dead: how many texts with variables that makes literal
	CodeDeadVariable     = "dead-variable"     // variable, version: the version knows no variables
	CodeVariablePlace    = "variable-place"    // variable: it stands where none is replaced
	CodeVariableForm     = "variable-form"     // variable: it has no end, or a default that is not ", '…'"
	CodeUnknownVariable  = "unknown-variable"  // variable, nearest: no request has the key
	CodeEmpty            = "empty"             // element: an empty list, which means nothing
	CodeSidCharacters    = "sid-characters"    // sid: IAM takes letters and digits only
	CodeActionForm       = "action-form"       // action, nearest: not service:Name; it matches nothing
	CodeActionCharacters = "action-characters" // action: a comma or blank; it matches nothing
	CodeUnknownAction    = "unknown-action"    // action, nearest
	CodeResourceForm     = "resource-form"     // resource: neither "*" nor an ARN; it matches nothing
	CodeWrongResource    = "wrong-resource"    // action, on (user, mfa, …, or "*"): no resource of the statement fits it

	CodeUnknownKey       = "unknown-key"        // key, nearest
	CodeAbsentKey        = "absent-key"         // key: AWS has it, requests here never do
	CodeUnknownValue     = "unknown-value"      // key, value, nearest
	CodeOperatorType     = "operator-type"      // operator, key, type: it compares what the key never is
	CodeValueForm        = "value-form"         // operator, value: it cannot be read and matches nothing
	CodeWildcardLiteral  = "wildcard-literal"   // operator, value, nearest: * and ? are plain text under it
	CodeNotMinimum       = "not-a-minimum"      // key, level, missing: levels are labels; higher ones are not meant
	CodeIfExistsOnAllow  = "if-exists-on-allow" // operator, key: absent keys are let through
	CodeForAllOnAllow    = "for-all-on-allow"   // operator, key: absent keys are let through; Null false is missing
	CodeBoolMissesAbsent = "bool-misses-absent" // operator, key: the deny does not stop requests without the key
	CodeDenyHitsOthers   = "deny-hits-others"   // key, create, totp (yes, no): it hits the step before anything is known, or devices with codes
	CodeNeverMatches     = "never-matches"      // key: no registration has these keys together
	CodeNoCreate         = "no-create-step"     // Activate is allowed, Create is not: nothing can begin
	CodeNoActivate       = "no-activate-step"   // Create is allowed, Activate is not: nothing can end, after the touch
	CodeNoTOTP           = "totp-shut-out"      // security keys are allowed, devices with codes are not
	CodeShutsOut         = "shuts-everyone-out" // it denies all that can be done here
)

// Check reads a document as policy.Parse does, and looks for what it hardly can mean.
// Findings are sorted by place, then by code. A document that cannot be read has one
// finding, the first error.
func Check(document []byte) []Finding {
	d, err := policy.Parse(document)
	if err != nil {
		return []Finding{unreadable(err)}
	}
	c := &checker{document: d}
	if n := policy.Size(document); n > policy.MaxManaged {
		c.warn(CodeLong, start, "size", strconv.Itoa(n), "limit", strconv.Itoa(policy.MaxManaged))
	}
	c.check()
	slices.SortStableFunc(c.found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Code, b.Code))
	})
	return c.found
}

var start = policy.Span{Line: 1, Column: 1, Length: 1}

func unreadable(err error) Finding {
	f := mfa.AsFailure(err)
	out := Finding{Level: Error, Code: CodeTooLarge, Line: 1, Column: 1, Length: 1, Params: f.Params}
	var bad *policy.Malformed
	if errors.As(err, &bad) {
		out.Code, out.Line, out.Column, out.Length = CodeMalformed, bad.At.Line, bad.At.Column, bad.At.Length
		out.Params = map[string]string{"what": bad.What, "where": bad.Where, "wanted": bad.Wanted}
	}
	return out
}

// checker gathers what is found in one document.
type checker struct {
	document *policy.Document
	dead     int // texts with variables in a version that has none
	found    []Finding
}

// MaxFindings is how many findings Check gives at most; nobody reads more.
const MaxFindings = 500

func (c *checker) warn(code string, at policy.Span, params ...string) {
	if len(c.found) >= MaxFindings {
		return
	}
	f := Finding{Level: Warning, Code: code, Line: at.Line, Column: at.Column, Length: at.Length, Params: map[string]string{}}
	for i := 0; i+1 < len(params); i += 2 {
		f.Params[params[i]] = params[i+1]
	}
	c.found = append(c.found, f)
}
