package trust

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/mds/mdstest"
	"github.com/keyferry/keyferry/backend/mfa"
)

type roots = []*x509.Certificate

func TestJudge(t *testing.T) {
	root, other := issue(t, nil, "root", isCA), issue(t, nil, "other", isCA)
	leaf, u2fLeaf, strange := issue(t, root, "leaf", nil), issue(t, other, "u2f", nil), issue(t, nil, "strange", nil)
	lost := issue(t, nil, "lost", nil)
	plain, bare, keyed := mdstest.Model(1), mdstest.Model(2), mdstest.Model(3)
	m := mdstest.New(t).Open(
		mdstest.Entry{AAGUID: plain, Name: "Plain", Roots: roots{root.Certificate}, Reports: []mdstest.Report{
			mdstest.Status("FIDO_CERTIFIED_L1", "2020-01-01"), mdstest.FIPS(2, 2, "2021-01-01"), mdstest.FIPS(3, 3, "")}},
		mdstest.Entry{AAGUID: bare, Name: "Bare", Roots: roots{root.Certificate}},
		mdstest.Entry{AAGUID: keyed, Name: "No roots", Reports: []mdstest.Report{mdstest.Status("FIDO_CERTIFIED_L3", "")}},
		mdstest.Entry{KeyIDs: [][]byte{mdstest.KeyID(u2fLeaf.Certificate), mdstest.KeyID(strange.Certificate)}, Protocol: "u2f", Name: "U2F",
			Roots: roots{other.Certificate}, Reports: []mdstest.Report{mdstest.Status("FIDO_CERTIFIED", "")}})
	certified := mfa.Certificates{FIDO: "L1", FIPS1402: "L2", FIPS1403: "L3"}
	u2fID := mdstest.KeyID(u2fLeaf.Certificate)
	for name, row := range map[string]struct {
		aaguid    mfa.AAGUID
		statement made
		without   bool // no BLOB
		want      mfa.Trust
	}{
		"proven":                       {plain, packed(leaf.Certificate), false, mfa.Trust{Model: "Plain", Entry: plain.String(), Format: "packed", Certificates: certified}},
		"proven, without certificates": {bare, packed(leaf.Certificate), false, mfa.Trust{Model: "Bare", Entry: bare.String(), Format: "packed"}},
		"proven by U2F":                {mfa.AAGUID{}, u2f(u2fLeaf.Certificate), false, mfa.Trust{Model: "U2F", Entry: hexOf(u2fID), Format: "fido-u2f", Certificates: mfa.Certificates{FIDO: "L1"}}},
		"U2F beside an unsigned AAGUID": {plain, u2f(u2fLeaf.Certificate), false,
			mfa.Trust{Model: "U2F", Entry: hexOf(u2fID), Format: "fido-u2f", Certificates: mfa.Certificates{FIDO: "L1"}}},
		"U2F of nobody beside one":  {plain, u2f(leaf.Certificate), false, mfa.Trust{Unproven: mfa.UnprovenEntry, Format: "fido-u2f"}},
		"U2F under another root":    {mfa.AAGUID{}, u2f(strange.Certificate), false, mfa.Trust{Unproven: mfa.UnprovenRoot, Detail: DetailIssuer, Model: "U2F", Entry: hexOf(u2fID), Format: "fido-u2f"}},
		"another model's chain":     {plain, packed(u2fLeaf.Certificate), false, mfa.Trust{Unproven: mfa.UnprovenRoot, Detail: DetailIssuer, Model: "Plain", Entry: plain.String(), Format: "packed"}},
		"no attestation":            {plain, none(), false, mfa.Trust{Unproven: mfa.UnprovenAttestation}},
		"no attestation, no model":  {mfa.AAGUID{}, none(), false, mfa.Trust{Unproven: mfa.UnprovenAttestation}},
		"self attestation":          {plain, self(), false, mfa.Trust{Unproven: mfa.UnprovenSelf, Format: "packed"}},
		"zero AAGUID":               {mfa.AAGUID{}, packed(leaf.Certificate), false, mfa.Trust{Unproven: mfa.UnprovenModel, Format: "packed"}},
		"zero AAGUID, a U2F key's":  {mfa.AAGUID{}, packed(u2fLeaf.Certificate), false, mfa.Trust{Unproven: mfa.UnprovenModel, Format: "packed"}},
		"unknown AAGUID":            {mdstest.Model(9), packed(leaf.Certificate), false, mfa.Trust{Unproven: mfa.UnprovenEntry, Format: "packed"}},
		"entry without roots":       {keyed, packed(leaf.Certificate), false, mfa.Trust{Unproven: mfa.UnprovenNoRoots, Model: "No roots", Entry: keyed.String(), Format: "packed"}},
		"no BLOB":                   {plain, packed(leaf.Certificate), true, mfa.Trust{Unproven: mfa.UnprovenMetadata, Format: "packed"}},
		"no BLOB, U2F":              {mfa.AAGUID{}, u2f(u2fLeaf.Certificate), true, mfa.Trust{Unproven: mfa.UnprovenMetadata, Format: "fido-u2f"}},
		"no BLOB, no attestation":   {plain, none(), true, mfa.Trust{Unproven: mfa.UnprovenAttestation}},
		"no BLOB, self attestation": {plain, self(), true, mfa.Trust{Unproven: mfa.UnprovenSelf, Format: "packed"}},

		"compound, first proves":  {plain, compound(packed(leaf.Certificate), self()), false, mfa.Trust{Model: "Plain", Entry: plain.String(), Format: "packed", Certificates: certified}},
		"compound, second proves": {plain, compound(self(), packed(lost.Certificate), packed(leaf.Certificate)), false, mfa.Trust{Model: "Plain", Entry: plain.String(), Format: "packed", Certificates: certified}},
		"compound, two models":    {plain, compound(u2f(u2fLeaf.Certificate), packed(leaf.Certificate)), false, mfa.Trust{Model: "U2F", Entry: hexOf(u2fID), Format: "fido-u2f", Certificates: mfa.Certificates{FIDO: "L1"}}},
		"compound, none proves":   {plain, compound(self(), packed(lost.Certificate), u2f(lost.Certificate)), false, mfa.Trust{Unproven: mfa.UnprovenRoot, Detail: DetailIssuer, Model: "Plain", Entry: plain.String(), Format: "packed"}},
		"compound, all self":      {plain, compound(self(), self()), false, mfa.Trust{Unproven: mfa.UnprovenSelf, Format: "packed"}},
		"compound, no BLOB":       {plain, compound(self(), packed(leaf.Certificate)), true, mfa.Trust{Unproven: mfa.UnprovenMetadata, Format: "packed"}},
	} {
		t.Run(name, func(t *testing.T) {
			blob := m
			if row.want.At, row.want.Blob = now, m.Number; row.without {
				blob, row.want.Blob = nil, 0
			}
			got, err := Judge(credential(t, row.aaguid, row.statement), blob, now)
			if err != nil {
				t.Fatal(err)
			}
			checkTrust(t, got, row.want)
		})
	}
	t.Run("nothing kept", func(t *testing.T) {
		got, err := Judge(mfa.Credential{AAGUID: plain}, m, now)
		if err != nil {
			t.Fatal(err)
		}
		checkTrust(t, got, mfa.Trust{Unproven: mfa.UnprovenAttestation, Detail: DetailUnreadable, At: now, Blob: m.Number})
	})
	t.Run("no moment", func(t *testing.T) {
		if got, err := Judge(credential(t, plain, packed(leaf.Certificate)), m, time.Time{}); err != nil || got.IsProven() {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func checkTrust(t *testing.T, got, want mfa.Trust) {
	t.Helper()
	reports := got.Reports
	if got.Reports = nil; len(reports) != levels(want.Certificates) {
		t.Errorf("%d reports for %+v", len(reports), want.Certificates)
	}
	if got.Unproven != want.Unproven || got.Detail != want.Detail || got.Model != want.Model || got.Entry != want.Entry || got.Format != want.Format ||
		got.Firmware != want.Firmware || got.Blob != want.Blob || !got.At.Equal(want.At) || got.Certificates != want.Certificates {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func levels(c mfa.Certificates) (n int) {
	for _, level := range []string{c.FIDO, c.FIPS1402, c.FIPS1403} {
		if level != "" {
			n++
		}
	}
	return n
}

func TestRefusedModels(t *testing.T) {
	maker := mdstest.NewMaker(t, "Example")
	bad := maker.Batch
	badLeaf, _ := maker.Attestation(model)
	badChain := packed(badLeaf, bad)
	maker.NewBatch()
	goodLeaf, _ := maker.Attestation(model)
	good := packed(goodLeaf, maker.Batch)
	stranger := packed(issue(t, nil, "stranger", nil).Certificate)
	report := func(reports ...mdstest.Report) []mdstest.Report { return reports }
	for name, row := range map[string]struct {
		statement made
		reports   []mdstest.Report
		status    string // refused with; empty: proven
		date      string
		unproven  bool // not refused, and not proven
	}{
		"revoked":                        {good, report(mdstest.Status("FIDO_CERTIFIED_L2", "2020-01-01"), mdstest.Status("REVOKED", "2024-02-03")), "REVOKED", "2024-02-03", false},
		"retired":                        {good, report(mdstest.Status("RETIRED", "2026-11-22")), "RETIRED", "2026-11-22", false},
		"retired tomorrow":               {good, report(mdstest.Status("RETIRED", "2026-11-23")), "", "", false},
		"compromised":                    {good, report(mdstest.Status("USER_KEY_REMOTE_COMPROMISE", "")), "USER_KEY_REMOTE_COMPROMISE", "", false},
		"revoked, it says":               {none(), report(mdstest.Status("REVOKED", "2024-02-03")), "REVOKED", "2024-02-03", false},
		"revoked, it says itself":        {self(), report(mdstest.Status("REVOKED", "2024-02-03")), "REVOKED", "2024-02-03", false},
		"revoked, a stranger says":       {stranger, report(mdstest.Status("REVOKED", "2024-02-03")), "REVOKED", "2024-02-03", false},
		"revoked, among several":         {compound(self(), stranger), report(mdstest.Status("REVOKED", "2024-02-03")), "REVOKED", "2024-02-03", false},
		"revoked, all of them self":      {compound(self(), self()), report(mdstest.Status("REVOKED", "2024-02-03")), "REVOKED", "2024-02-03", false},
		"a batch's key is out":           {badChain, report(batchReport(bad)), "ATTESTATION_KEY_COMPROMISE", "2024-05-06", false},
		"another batch's key is out":     {good, report(batchReport(bad)), "", "", false},
		"a batch's key, no attestation":  {none(), report(batchReport(bad)), "", "", true},
		"a batch's key, among several":   {compound(good, badChain), report(batchReport(bad)), "ATTESTATION_KEY_COMPROMISE", "2024-05-06", false},
		"revoked, beside an unsigned ID": {u2f(goodLeaf), report(mdstest.Status("REVOKED", "2024-02-03")), "", "", true},
		"not certified is no refusal":    {good, report(mdstest.Status("NOT_FIDO_CERTIFIED", "")), "", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			m := mdstest.New(t).Open(mdstest.Entry{AAGUID: model, Name: "Example One", Roots: roots{maker.Root}, Reports: row.reports})
			got, err := Judge(credential(t, model, row.statement), m, now)
			if row.status == "" {
				if err != nil || got.IsProven() == row.unproven {
					t.Errorf("%+v, %v", got, err)
				}
				return
			}
			checkRefusal(t, err, map[string]string{"model": "Example One", "status": row.status, "date": row.date, "blob": "100"})
			if got.Unproven != "" || got.IsProven() {
				t.Errorf("refused, and %+v", got)
			}
		})
	}
}

func batchReport(batch *x509.Certificate) mdstest.Report {
	return mdstest.Status("ATTESTATION_KEY_COMPROMISE", "2024-05-06").With("batchCertificate", mdstest.Chain(batch)[0])
}

func checkRefusal(t *testing.T, err error, params map[string]string) {
	t.Helper()
	if !mfa.IsCode(err, mfa.CodeModelRefused) {
		t.Fatalf("%v, expected a refusal", err)
	}
	f := mfa.AsFailure(err)
	for name, want := range params {
		if f.Params[name] != want {
			t.Errorf("%s is %q, expected %q", name, f.Params[name], want)
		}
	}
	if len(f.Params) != len(params) || f.Explain() == "" {
		t.Errorf("%v, %q", f.Params, f.Explain())
	}
}

func TestRefusedU2F(t *testing.T) {
	root := issue(t, nil, "root", isCA)
	leaf := issue(t, root, "leaf", nil)
	m := mdstest.New(t).Open(mdstest.Entry{KeyIDs: [][]byte{mdstest.KeyID(leaf.Certificate)}, Protocol: "u2f", Name: "U2F",
		Roots: roots{root.Certificate}, Reports: []mdstest.Report{mdstest.Status("REVOKED", "2024-02-03")}})
	_, err := Judge(credential(t, mfa.AAGUID{}, u2f(leaf.Certificate)), m, now)
	checkRefusal(t, err, map[string]string{"model": "U2F", "status": "REVOKED", "date": "2024-02-03", "blob": "100"})
}

// A level for firmware 5, a fault that firmware 5 mends, and what the certificate says.
func TestFirmware(t *testing.T) {
	root, stranger := issue(t, nil, "root", isCA), issue(t, nil, "stranger", isCA)
	open := func(reports ...mdstest.Report) *mds.Metadata {
		return mdstest.New(t).Open(mdstest.Entry{AAGUID: model, Name: "Model", Roots: roots{root.Certificate}, Firmware: 5, Reports: reports})
	}
	levels := open(mdstest.Status("FIDO_CERTIFIED_L1", ""), mdstest.Status("FIDO_CERTIFIED_L2", "").With("authenticatorVersion", 5))
	mended := open(mdstest.Status("USER_VERIFICATION_BYPASS", "2024-01-01"), mdstest.Status("UPDATE_AVAILABLE", "2024-02-01").With("authenticatorVersion", 5))
	odd := func(value ...byte) func(*x509.Certificate) { return extension(false, value, oidFirmware...) }
	for name, row := range map[string]struct {
		issuer   *authority
		bend     func(*x509.Certificate)
		firmware uint32
		level    string
		refused  bool // with mended
	}{
		"not said":             {root, nil, 0, "L2", true},
		"four":                 {root, firmware(4), 4, "L1", true},
		"five":                 {root, firmware(5), 5, "L2", false},
		"the highest":          {root, firmware(1<<32 - 1), 1<<32 - 1, "L2", false},
		"too high":             {root, firmware(1 << 32), 0, "L2", true},
		"negative":             {root, firmware(-1), 0, "L2", true},
		"an octet string":      {root, odd(4, 1, 5), 0, "L2", true},
		"a byte behind":        {root, odd(2, 1, 5, 0), 0, "L2", true},
		"not minimal":          {root, odd(2, 2, 0, 5), 0, "L2", true},
		"empty":                {root, odd(), 0, "L2", true},
		"five, a stranger's":   {stranger, firmware(5), 0, "", true},
		"a maker's own member": {root, extension(false, []byte{4, 3, 5, 4, 3}, 1, 3, 6, 1, 4, 1, 41482, 13, 1), 0, "L2", true},
	} {
		t.Run(name, func(t *testing.T) {
			c := credential(t, model, packed(issue(t, row.issuer, "leaf", row.bend).Certificate))
			got, err := Judge(c, levels, now)
			if err != nil || got.Firmware != row.firmware || got.FIDO != row.level {
				t.Errorf("firmware %d, level %q, %v", got.Firmware, got.FIDO, err)
			}
			if _, err := Judge(c, mended, now); mfa.IsCode(err, mfa.CodeModelRefused) != row.refused {
				t.Errorf("%v, expected refusal %v", err, row.refused)
			}
		})
	}
}
