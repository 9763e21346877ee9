package bind

import "testing"

// Text that was pasted from a file may begin with a byte order mark, which is no part of
// the language.
func TestAByteOrderMarkIsNoPartOfAPolicy(t *testing.T) {
	w := openWindow(t)
	const text = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*"}}`
	const marked = "\ufeff" + text
	if p := must(w.SavePolicy(SavePolicyRequest{Name: "Marked", Path: "/", Document: marked}))(t); p.Document != text {
		t.Errorf("kept %q", p.Document)
	}
	if found := must(w.CheckPolicy(marked))(t); len(found) != 0 {
		t.Errorf("%+v", found)
	}
	ann := must(w.AddUser(AddUserRequest{Name: "ann", Path: "/"}))(t)
	if err := w.PutInline(InlineRequest{PrincipalID: ann.ID, Name: "Own", Document: marked}); err != nil {
		t.Error(err)
	}
	if s := (RulesDTO{Document: marked}).domain(); string(s.Document) != text {
		t.Errorf("asked of %q", s.Document)
	}
}
