package metadata

import (
	"testing"

	"github.com/keyferry/keyferry/backend/mds/mdstest"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
)

func TestDrift(t *testing.T) {
	l1, l2, fips := mdstest.Status("FIDO_CERTIFIED_L1", "2024-01-01"), mdstest.Status("FIDO_CERTIFIED_L2", "2024-01-01"), mdstest.FIPS(2, 2, "2024-01-01")
	proven := func(n int, c mfa.Certificates) mfa.Trust {
		return mfa.Trust{At: mdstest.Now, Entry: mdstest.Model(n).String(), Model: "Acme Key", Blob: 7, Certificates: c}
	}
	unproven := func(why mfa.Unproven) mfa.Trust { return mfa.Trust{At: mdstest.Now, Unproven: why} }
	for _, row := range []struct {
		name  string
		trust mfa.Trust
		entry *mdstest.Report // nil: the model has none
		gone  bool
		more  []mdstest.Report
		want  Change // empty: no drift
	}{
		{name: "the same", trust: proven(1, mfa.Certificates{FIDO: "L1"}), entry: &l1},
		{name: "a higher level", trust: proven(1, mfa.Certificates{FIDO: "L1"}), entry: &l2, want: Better},
		{name: "a lower level", trust: proven(1, mfa.Certificates{FIDO: "L2"}), entry: &l1, want: Worse},
		{name: "one certificate more", trust: proven(1, mfa.Certificates{FIDO: "L1"}), entry: &l1, more: []mdstest.Report{fips}, want: Better},
		{name: "one more and one lower is worse", trust: proven(1, mfa.Certificates{FIDO: "L2"}), entry: &l1, more: []mdstest.Report{fips}, want: Worse},
		{name: "revoked since", trust: proven(1, mfa.Certificates{FIDO: "L1"}), entry: &l1, more: []mdstest.Report{mdstest.Status("REVOKED", "2025-01-01")}, want: Refused},
		{name: "the model is gone", trust: proven(1, mfa.Certificates{FIDO: "L1"}), gone: true, want: Gone},
		{name: "known by now", trust: unproven(mfa.UnprovenEntry), entry: &l1, want: Known},
		{name: "metadata came later", trust: unproven(mfa.UnprovenMetadata), entry: &l1, want: Known},
		{name: "does not attest, whatever is known", trust: unproven(mfa.UnprovenAttestation), entry: &l1},
		{name: "still unknown", trust: unproven(mfa.UnprovenEntry), gone: true},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, storetest.NewMemory())
			d := mfa.Device{ID: "d", PrincipalID: w.alice.PrincipalID, Kind: mfa.KindPasskey, Name: "key", Serial: "arn:aws:iam::key", EnabledAt: w.now,
				Passkey: &mfa.Credential{ID: []byte{1}, PublicKey: []byte{1}, Algorithm: -7, AAGUID: mdstest.Model(1), Trust: row.trust}}
			w.must(w.store.AddDevice(t.Context(), d, mfa.Event{At: w.now}))
			var entries []mdstest.Entry
			if !row.gone {
				entries = append(entries, w.entry(1, append([]mdstest.Report{*row.entry}, row.more...)...))
			}
			imported := w.imports(w.blob(8, append(entries, w.entry(2))...))
			rows, err := w.service.Drift(t.Context(), w.root)
			w.must(err)
			if row.want == "" {
				if len(rows) != 0 || imported.Drifted != 0 {
					t.Fatalf("drifted: %+v", rows)
				}
				return
			}
			if len(rows) != 1 || rows[0].Change != row.want || rows[0].Owner.Name != "alice" || imported.Drifted != 1 {
				t.Fatalf("got %+v, want %s", rows, row.want)
			}
			kept, err := w.store.Device(t.Context(), "d")
			w.must(err)
			if kept.Passkey.Trust.Certificates != row.trust.Certificates || kept.Passkey.Trust.Blob != row.trust.Blob {
				t.Errorf("the frozen trust was changed: %+v", kept.Passkey.Trust)
			}
		})
	}
	t.Run("not for everybody", func(t *testing.T) {
		w := newWorld(t, storetest.NewMemory())
		if _, err := w.service.Drift(t.Context(), w.alice); !mfa.IsCode(err, mfa.CodeAccessDenied) {
			t.Errorf("a user: %v", err)
		}
	})
}
