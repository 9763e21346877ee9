package metadata

import (
	"crypto/ecdsa"
	"crypto/x509"
	"testing"

	"github.com/keyferry/keyferry/backend/ctapcbor"
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
	t.Run("one batch is compromised", func(t *testing.T) {
		w := newWorld(t, storetest.NewMemory())
		batches := map[string]*x509.Certificate{}
		for _, name := range []string{"leaked", "sound"} {
			w.maker.NewBatch()
			batches[name] = w.maker.Batch
			leaf, _ := w.maker.Attestation(mdstest.Model(1))
			w.must(w.store.AddDevice(t.Context(), mfa.Device{ID: name, PrincipalID: w.alice.PrincipalID, Kind: mfa.KindPasskey, Name: name, Serial: "arn:aws:iam::" + name,
				EnabledAt: w.now, Passkey: &mfa.Credential{ID: []byte(name), PublicKey: []byte{1}, Algorithm: -7, AAGUID: mdstest.Model(1),
					AttestationObject: attestation(t, mdstest.Model(1), leaf, w.maker.Batch), Trust: proven(1, mfa.Certificates{FIDO: "L1"})}}, mfa.Event{At: w.now}))
		}
		leaked := mdstest.Status("ATTESTATION_KEY_COMPROMISE", "2025-01-01").With("batchCertificate", mdstest.Chain(batches["leaked"])[0])
		imported := w.imports(w.blob(8, w.entry(1, l1, leaked)))
		rows, err := w.service.Drift(t.Context(), w.root)
		w.must(err)
		if len(rows) != 1 || rows[0].Device.ID != "leaked" || rows[0].Change != Refused || rows[0].Report.Status != "ATTESTATION_KEY_COMPROMISE" || imported.Drifted != 1 {
			t.Errorf("%+v", rows)
		}
	})
	t.Run("not for everybody", func(t *testing.T) {
		w := newWorld(t, storetest.NewMemory())
		if _, err := w.service.Drift(t.Context(), w.alice); !mfa.IsCode(err, mfa.CodeAccessDenied) {
			t.Errorf("a user: %v", err)
		}
	})
}

// attestation is a packed one of this chain, as rp keeps them.
func attestation(t *testing.T, model mfa.AAGUID, chain ...*x509.Certificate) []byte {
	t.Helper()
	point, err := chain[0].PublicKey.(*ecdsa.PublicKey).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	var ders [][]byte
	for _, c := range chain {
		ders = append(ders, c.Raw)
	}
	data := append(make([]byte, 32), 0x41, 0, 0, 0, 0)
	data = append(append(data, model[:]...), 0, 1, 7)
	data = append(data, ctapcbor.MustMarshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})...)
	return ctapcbor.MustMarshal(map[string]any{"fmt": "packed", "authData": data, "attStmt": map[string]any{"alg": -7, "sig": []byte{1}, "x5c": ders}})
}
