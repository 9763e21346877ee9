package admission

import (
	"bytes"
	"encoding/csv"
	"slices"
	"testing"

	"github.com/keyferry/keyferry/backend/mds/mdstest"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/policy"
)

func model(n int) string { return mdstest.Model(n).String() }

func TestPreflight(t *testing.T) {
	for _, row := range []struct {
		name     string
		document string // empty: the policies of a new user
		about    About
		create   policy.Effect
		activate policy.Effect
		admitted bool
		needs    string
	}{
		{"a new user, nothing proven", "", About{}, policy.Allow, policy.Allow, true, ""},
		{"a new user, a revoked model", "", About{Model: model(4)}, policy.Allow, policy.Allow, false, ""},
		{"certified only, nothing proven", fips2, About{}, policy.Allow, policy.ImplicitDeny, false, "FIPS-140-2 L2"},
		{"certified only, FIDO L2", fips2, About{Model: model(2)}, policy.Allow, policy.ImplicitDeny, false, "FIPS-140-2 L2"},
		{"certified only, the right one", fips2, About{Model: model(3)}, policy.Allow, policy.Allow, true, ""},
		{"certified only, the right level by hand", fips2, About{Certificates: mfa.Certificates{FIPS1402: "L2"}}, policy.Allow, policy.Allow, true, ""},
		{"certified only, a higher level is another text", fips2, About{Certificates: mfa.Certificates{FIPS1402: "L3"}}, policy.Allow, policy.ImplicitDeny, false, "FIPS-140-2 L2"},
		{"denied, needs are found by trying", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:EnableMFADevice","Resource":"*"},
			{"Effect":"Deny","Action":"iam:EnableMFADevice","Resource":"*","Condition":{"StringEquals":{"iam:RegisterSecurityKey":"Activate"},"StringNotLike":{"iam:FIDO-certification":"L2*"}}}]}`,
			About{Model: model(3)}, policy.Allow, policy.ExplicitDeny, false, "FIDO L2, L2plus"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			if row.document != "" {
				w.gives(row.document)
			}
			got, err := w.service.Preflight(t.Context(), w.alice, Subject{}, "", row.about)
			w.must(err)
			if got.Create.Effect != row.create || got.Activate.Effect != row.activate || got.Admitted() != row.admitted || needText(got.Needs) != row.needs {
				t.Errorf("create %v, activate %v, admitted %v, needs %q", got.Create.Effect, got.Activate.Effect, got.Admitted(), needText(got.Needs))
			}
		})
	}
}

func TestWhoMayAsk(t *testing.T) {
	w := newWorld(t)
	bob, err := w.accounts.AddUser(t.Context(), w.root, newUser("bob"))
	w.must(err)
	for name, err := range map[string]error{
		"about another": second(w.service.Preflight(t.Context(), w.alice, Subject{}, bob.ID, About{})),
		"a policy":      second(w.service.Admits(t.Context(), w.alice, Subject{Policy: mfa.AdministratorAccess})),
		"a document":    second(w.service.Admits(t.Context(), w.alice, Subject{Document: []byte(fips2)})),
		"another's":     second(w.service.Admits(t.Context(), w.alice, Subject{PrincipalID: bob.ID})),
	} {
		if !mfa.IsCode(err, mfa.CodeAccessDenied) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.service.Admits(t.Context(), w.alice, Subject{PrincipalID: w.alice.PrincipalID}); err != nil {
		t.Errorf("one's own: %v", err)
	}
}

// The right to simulate oneself opens neither another's policies nor those that are kept,
// whichever way round the two people of a question are named.
func TestRightToSimulateOneself(t *testing.T) {
	w := newWorld(t)
	bob, err := w.accounts.AddUser(t.Context(), w.root, newUser("bob"))
	w.must(err)
	w.must(w.store.PutInline(t.Context(), mfa.InlinePolicy{PrincipalID: w.person.ID, Name: "simulate",
		Document: `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:SimulatePrincipalPolicy","Resource":"arn:aws:iam::*:user/${aws:username}"}}`}, mfa.Event{}))
	me, another := w.person.ID, Subject{PrincipalID: bob.ID}
	for name, err := range map[string]error{
		"pre-flight of another's policies as oneself": second(w.service.Preflight(t.Context(), w.alice, another, me, About{})),
		"pre-flight of one's own as another":          second(w.service.Preflight(t.Context(), w.alice, Subject{PrincipalID: me}, bob.ID, About{})),
		"pre-flight of another's policies":            second(w.service.Preflight(t.Context(), w.alice, another, "", About{})),
		"pre-flight of root's":                        second(w.service.Preflight(t.Context(), w.alice, Subject{PrincipalID: w.root.PrincipalID}, me, About{})),
		"trial of another's policies as oneself":      second(w.service.Try(t.Context(), w.alice, another, me, Trial{Action: "iam:ListUsers"})),
		"trial of another's policies as nobody":       second(w.service.Try(t.Context(), w.alice, another, "", Trial{Action: "iam:ListUsers"})),
		"trial of a policy that is kept":              second(w.service.Try(t.Context(), w.alice, Subject{Policy: mfa.AdministratorAccess}, me, Trial{Action: "iam:ListUsers"})),
		"what a policy that is kept lets in":          second(w.service.Admits(t.Context(), w.alice, Subject{Policy: mfa.AdministratorAccess})),
		"comparison of one's own with another's":      second(w.service.Compare(t.Context(), w.alice, Subject{PrincipalID: me}, another, 0, 0)),
		"document beside another's name":              second(w.service.Admits(t.Context(), w.alice, Subject{Document: []byte(fips2), PrincipalID: bob.ID})),
	} {
		if !mfa.IsCode(err, mfa.CodeAccessDenied) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.service.Try(t.Context(), w.alice, Subject{PrincipalID: me}, "", Trial{Action: "iam:ListUsers"}); err != nil {
		t.Errorf("one's own: %v", err)
	}
	if _, err := w.service.Preflight(t.Context(), w.alice, Subject{Document: []byte(fips2)}, "", About{}); err != nil {
		t.Errorf("a text of one's own: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestAdmits(t *testing.T) {
	w := newWorld(t)
	got, err := w.service.Admits(t.Context(), w.root, Subject{Document: []byte(fips2)})
	w.must(err)
	want := []Reason{ByActivate, ByActivate, Admitted, ByReport}
	if len(got.Rows) != 4 || got.Admitted != 1 || got.Blob != 100 {
		t.Fatalf("%+v", got)
	}
	for i, r := range got.Rows {
		if r.Reason != want[i] {
			t.Errorf("%s: %q, want %q", r.Model.Name, r.Reason, want[i])
		}
	}
	if by := got.Rows[1].By; by == nil || by.Sid != "Finish" || by.Mismatch.Key != "iam:FIDO-FIPS-140-2-certification" || !by.Mismatch.Absent {
		t.Errorf("what keeps FIDO L2 out: %+v", by)
	}
	var out bytes.Buffer
	w.must(got.WriteCSV(&out))
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(rows) != 5 || !slices.Equal(rows[3], []string{model(3), "Key 3", "fido2", "L1", "L2", "", "yes", "", "", "Finish", "", "", "", "100"}) {
		t.Errorf("%q, %v", rows, err)
	}
}

// Models that have the same certificates cannot differ: what is asked once per
// combination must be what is asked of each.
func TestCombinationsAreEnough(t *testing.T) {
	w := newWorld(t)
	w.gives(fips2)
	all, err := w.service.Admits(t.Context(), w.root, Subject{PrincipalID: w.person.ID})
	w.must(err)
	for _, r := range all.Rows {
		one, err := w.service.Preflight(t.Context(), w.root, Subject{}, w.person.ID, About{Model: r.Model.ID})
		w.must(err)
		if one.Admitted() != (r.Reason == Admitted) {
			t.Errorf("%s: %v here, %v there", r.Model.Name, r.Reason, one.Admitted())
		}
	}
}

func TestCompare(t *testing.T) {
	w := newWorld(t)
	fido2 := []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:EnableMFADevice","Resource":"*","Condition":{"StringLikeIfExists":{"iam:FIDO-certification":"L2*"}}}}`)
	diff, err := w.service.Compare(t.Context(), w.root, Subject{Document: []byte(fips2)}, Subject{Document: fido2}, 0, 0)
	w.must(err)
	var got []string
	for _, d := range diff {
		sign := "+"
		if d.Lost {
			sign = "-"
		}
		got = append(got, sign+d.Model.Name)
	}
	if want := []string{"+Key 1", "+Key 2", "-Key 3"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	rows := differences(t, diff)
	if len(rows) != 4 || !slices.Equal(rows[0][:3], []string{"change", "id", "model"}) || !slices.Equal(rows[1][:3], []string{"admitted", model(1), "Key 1"}) ||
		!slices.Equal(rows[3][:3], []string{"refused", model(3), "Key 3"}) || rows[3][11] != "iam:FIDO-certification" {
		t.Errorf("%q", rows)
	}
}

// differences reads what WriteDifferences wrote.
func differences(t *testing.T, all []Difference) [][]string {
	t.Helper()
	var out bytes.Buffer
	if err := WriteDifferences(&out, all); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestCompareBlobs(t *testing.T) {
	w := newWorld(t)
	fido := mdstest.New(t)
	w.service.Metadata.Anchors = fido.Anchors()
	fido.Number = 101
	w.imports(fido, entry(2, mdstest.FIPS(2, 2, "2024-01-01")), entry(5, mdstest.FIPS(2, 2, "2024-01-01")))
	w.service.Metadata.Anchors.Roots = append(w.service.Metadata.Anchors.Roots, w.firstRoots...)
	s := Subject{Document: []byte(fips2)}
	diff, err := w.service.Compare(t.Context(), w.root, s, s, 100, 101)
	w.must(err)
	got := map[string]bool{}
	for _, d := range diff {
		got[d.Model.Name] = d.Lost
	}
	if lost, there := got["Key 3"]; len(got) != 3 || !there || !lost || got["Key 2"] || got["Key 5"] {
		t.Errorf("got %v", got)
	}
}

func TestNoMetadata(t *testing.T) {
	w := newWorld(t)
	empty := *w.service
	empty.Metadata = newEmpty(w)
	if _, err := empty.Admits(t.Context(), w.root, Subject{Document: []byte(fips2)}); !mfa.IsCode(err, mfa.CodeMetadataMissing) {
		t.Errorf("admits: %v", err)
	}
	if got, err := empty.Preflight(t.Context(), w.alice, Subject{}, "", About{}); err != nil || !got.Admitted() {
		t.Errorf("what needs none works: %+v, %v", got, err)
	}
}

func TestWays(t *testing.T) {
	codesOnly := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:EnableMFADevice","iam:CreateVirtualMFADevice"],"Resource":"*","Condition":{"Null":{"iam:RegisterSecurityKey":"true"}}}]}`
	for _, row := range []struct {
		name     string
		document string
		system   string
		want     map[WayName]string // reason
	}{
		{"a new user", "", "linux", map[WayName]string{WayPhone: "", WayKey: "", WayComputer: "", WayApp: "", WayToken: ""}},
		{"a new user on Windows", "", "windows", map[WayName]string{WayPhone: "", WayKey: "", WayApp: "", WayToken: "", WayComputer: "windows-hello"}},
		{"certified only", fips2, "linux", map[WayName]string{WayPhone: "activate", WayKey: "", WayComputer: "activate", WayApp: "single", WayToken: "single"}},
		{"codes only", codesOnly, "linux", map[WayName]string{WayPhone: "create", WayKey: "create", WayComputer: "create", WayApp: "", WayToken: ""}},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			w.service.System = row.system
			if row.document != "" {
				w.gives(row.document)
			}
			ways, err := w.service.Ways(t.Context(), w.alice, "")
			w.must(err)
			got := map[WayName]string{}
			for _, way := range ways {
				got[way.Way] = way.Reason
				if way.Reason == "activate" && (!way.Doomed || !way.Allowed || needText(way.Needs) != "FIPS-140-2 L2") {
					t.Errorf("doomed: %+v", way)
				}
			}
			if len(got) != len(row.want) {
				t.Fatalf("got %v", got)
			}
			for way, reason := range row.want {
				if got[way] != reason {
					t.Errorf("%s: %q, want %q", way, got[way], reason)
				}
			}
		})
	}
}

func TestRefusal(t *testing.T) {
	w := newWorld(t)
	w.gives(fips2)
	acct, err := w.store.Account(t.Context())
	w.must(err)
	a := mfa.Access{Operation: mfa.OpEnableDevice, Caller: w.person, Session: w.alice, Target: w.person, Resource: mfa.PrincipalARN(acct, w.person),
		Registering: &mfa.Registration{Step: mfa.StepActivate, Certificates: mfa.Certificates{FIDO: "L1"}}}
	brought := mfa.Trust{At: clock(), Model: "Key X", Blob: 100, Certificates: mfa.Certificates{FIDO: "L1"},
		Reports: []mfa.StatusReport{{Status: "FIDO_CERTIFIED_L1", Effective: mdstest.Now.AddDate(-3, 0, 0)}}}
	f := mfa.AsFailure(w.service.Refusal(t.Context(), a, brought, mfa.Fail(mfa.CodeAccessDenied)))
	for key, want := range map[string]string{"step": "Activate", "decision": "implicitDeny", "needs": "FIPS-140-2 L2", "fido": "L1", "fips2": "", "model": "Key X",
		"blob": "100", "reported": "2023-11-22", "admitted": "1"} {
		if f.Code != mfa.CodeNotAdmitted || f.Params[key] != want {
			t.Errorf("%s: %s is %q, want %q", f.Code, key, f.Params[key], want)
		}
	}
	other := mfa.Fail(mfa.CodeMFANeeded)
	if got := w.service.Refusal(t.Context(), a, brought, other); got != error(other) {
		t.Errorf("another failure became %v", got)
	}
}
