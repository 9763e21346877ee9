package bind

import (
	"maps"
	"strings"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policies"
	"github.com/keyferry/keyferry/backend/policy/lint"
)

// PolicyDTO is a managed policy.
type PolicyDTO struct {
	Name      string `json:"name"`
	Path      string `json:"path"`
	Document  string `json:"document"`
	BuiltIn   bool   `json:"builtIn"`
	CreatedAt int64  `json:"createdAt"`
	UpdatedAt int64  `json:"updatedAt"`
	Version   int64  `json:"version"`
	Attached  int    `json:"attached"`
}

// GrantedDTO is one of the policies that hold for somebody.
type GrantedDTO struct {
	Name     string `json:"name"`
	Inline   bool   `json:"inline"`
	Group    string `json:"group"`
	Document string `json:"document"`
}

// GroupDTO is a group with all that hangs on it; members are IDs, the others names.
type GroupDTO struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Version  int64    `json:"version"`
	Members  []string `json:"members"`
	Policies []string `json:"policies"`
	Inline   []string `json:"inline"`
}

// FindingDTO is something about a policy's text.
type FindingDTO struct {
	Level  string            `json:"level"`
	Code   string            `json:"code"`
	Line   int               `json:"line"`
	Column int               `json:"column"`
	Length int               `json:"length"`
	Params map[string]string `json:"params"`
}

// TemplateDTO is a document to begin with.
type TemplateDTO struct {
	Name     string `json:"name"`
	Document string `json:"document"`
}

// PolicyWordsDTO is what an editor completes.
type PolicyWordsDTO struct {
	Actions   []string            `json:"actions"`
	Keys      []string            `json:"keys"`
	Operators []string            `json:"operators"`
	Variables []string            `json:"variables"`
	Values    map[string][]string `json:"values"`
}

// PolicyUsersDTO is to whom a policy is attached, by IDs.
type PolicyUsersDTO struct {
	Users  []string `json:"users"`
	Groups []string `json:"groups"`
}

// SavePolicyRequest makes a policy when Version is 0, and changes one otherwise.
type SavePolicyRequest struct {
	Name     string `json:"name"`
	Path     string `json:"path"`
	Document string `json:"document"`
	Version  int64  `json:"version"`
	LockOut  bool   `json:"lockOut"`
}

// DeletePolicyRequest names a policy that was seen at Version.
type DeletePolicyRequest struct {
	Name    string `json:"name"`
	Version int64  `json:"version"`
}

// AttachRequest attaches a policy to a user or to a group, or detaches it.
type AttachRequest struct {
	Policy      string `json:"policy"`
	PrincipalID string `json:"principalId"`
	GroupID     string `json:"groupId"`
	On          bool   `json:"on"`
	LockOut     bool   `json:"lockOut"`
}

// InlineRequest is a policy of one user or group alone.
type InlineRequest struct {
	Name        string `json:"name"`
	Document    string `json:"document"`
	PrincipalID string `json:"principalId"`
	GroupID     string `json:"groupId"`
	LockOut     bool   `json:"lockOut"`
}

// InlineOwnerRequest names one user or one group.
type InlineOwnerRequest struct {
	PrincipalID string `json:"principalId"`
	GroupID     string `json:"groupId"`
}

// RemoveGroupRequest names a group that was seen at Version.
type RemoveGroupRequest struct {
	ID      string `json:"id"`
	Version int64  `json:"version"`
}

// SetMemberRequest puts a user into a group or takes them out.
type SetMemberRequest struct {
	GroupID     string `json:"groupId"`
	PrincipalID string `json:"principalId"`
	In          bool   `json:"in"`
}

// TryRequest is a request that nobody makes.
type TryRequest struct {
	Rules       RulesDTO            `json:"rules"`
	PrincipalID string              `json:"principalId"`
	Action      string              `json:"action"`
	Resource    string              `json:"resource"`
	Keys        map[string][]string `json:"keys"`
}

func policyOf(p mfa.Policy) PolicyDTO {
	return PolicyDTO{Name: p.Name, Path: p.Path, Document: p.Document, BuiltIn: p.BuiltIn, CreatedAt: millis(p.CreatedAt), UpdatedAt: millis(p.UpdatedAt),
		Version: p.Version, Attached: p.Attached}
}

func granted(g mfa.GrantedPolicy) GrantedDTO { return GrantedDTO(g) }

func group(g policies.Group) GroupDTO {
	return GroupDTO{ID: g.ID, Name: g.Name, Version: g.Version, Members: each(g.Members, text[string]), Policies: each(g.Policies, text[string]),
		Inline: each(g.Inline, text[string])}
}

func finding(f lint.Finding) FindingDTO {
	params := maps.Clone(f.Params)
	if params == nil {
		params = map[string]string{}
	}
	return FindingDTO{Level: string(f.Level), Code: f.Code, Line: f.Line, Column: f.Column, Length: f.Length, Params: params}
}

func policyWords(w lint.Words) PolicyWordsDTO {
	return PolicyWordsDTO{Actions: w.Actions, Keys: w.Keys, Operators: w.Operators, Variables: w.Variables, Values: w.Values}
}

// domain is the owner and the document of a request.
func (r InlineRequest) domain() mfa.InlinePolicy {
	return mfa.InlinePolicy{PrincipalID: r.PrincipalID, GroupID: r.GroupID, Name: r.Name, Document: unmarked(r.Document)}
}

// unmarked is a document without the byte order mark that text from a file of some editors
// begins with. The language has none.
func unmarked(document string) string { return strings.TrimPrefix(document, "\ufeff") }
