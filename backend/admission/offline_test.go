package admission

import (
	"reflect"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Without an account the answers are those of an account for the same text.
func TestOfflineAnswersTheSame(t *testing.T) {
	w := newWorld(t)
	o, err := NewOffline("", []byte(fips2), clock())
	w.must(err)
	m, _, err := w.service.Metadata.Current(t.Context())
	w.must(err)
	got, err := o.Admits(t.Context(), m)
	w.must(err)
	want, err := w.service.Admits(t.Context(), w.root, Subject{Document: []byte(fips2)})
	w.must(err)
	if !reflect.DeepEqual(got, want) || got.Admitted != 1 {
		t.Errorf("admitted %d, want %d: %+v", got.Admitted, want.Admitted, got)
	}
	if d := Differences(got, Admission{}); len(d) != 1 || !d[0].Lost {
		t.Errorf("%+v", d)
	}
	for _, c := range []mfa.Certificates{{}, {FIDO: "L2"}, {FIPS1402: "L2"}} {
		got, err := o.Registration(t.Context(), c)
		w.must(err)
		want, err := w.service.Preflight(t.Context(), w.root, Subject{Document: []byte(fips2)}, "", About{Certificates: c})
		w.must(err)
		if got.Admitted() != want.Admitted() || !reflect.DeepEqual(got.Needs, want.Needs) || got.Activate.Effect != want.Activate.Effect {
			t.Errorf("%+v: %+v, want %+v", c, got, want)
		}
	}
	if _, err := NewOffline("", []byte("{"), clock()); !mfa.IsCode(err, mfa.CodePolicyMalformed) {
		t.Error(err)
	}
}
