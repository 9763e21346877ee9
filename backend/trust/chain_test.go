package trust

import (
	"crypto/x509"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mds/mdstest"
	"github.com/keyferry/keyferry/backend/mfa"
)

func TestChains(t *testing.T) {
	service := mdstest.New(t)
	type chain = []*x509.Certificate
	root := issue(t, nil, "root", isCA)
	batch := issue(t, root, "batch", isCA)
	leaf := issue(t, batch, "leaf", nil)
	stranger := issue(t, nil, "stranger", isCA)
	namesake := issue(t, nil, "root", isCA)
	short := issue(t, nil, "short", both(isCA, func(c *x509.Certificate) { c.MaxPathLenZero = true }))
	under := issue(t, short, "under short", isCA)
	named := issue(t, nil, "named", both(isCA, func(c *x509.Certificate) { c.PermittedDNSDomains = []string{"example.com"} }))
	old := issue(t, nil, "old", both(isCA, during(now.AddDate(-9, 0, 0), now.AddDate(-1, 0, 0))))
	oldBatch := issue(t, root, "old batch", both(isCA, during(now.AddDate(-9, 0, 0), now.AddDate(-1, 0, 0))))
	odd := issue(t, root, "odd batch", both(isCA, extension(true, []byte{5, 0}, 1, 2, 3, 4)))
	oddTransports := issue(t, root, "odd transports", both(isCA, extension(true, []byte{3, 2, 4, 0x30}, 1, 3, 6, 1, 4, 1, 45724, 2, 1, 1)))
	expired := during(now.AddDate(-1, 0, 0), now.Add(-time.Second))
	make := func(issuer *authority, bends ...func(*x509.Certificate)) *x509.Certificate {
		return issue(t, issuer, "leaf", both(bends...)).Certificate
	}
	for name, row := range map[string]struct {
		statement made
		roots     chain
		at        time.Time // now if zero
		detail    string
		unproven  mfa.Unproven // root-unknown if there is a detail
	}{
		"leaf and intermediate":              {statement: packed(leaf.Certificate, batch.Certificate), roots: chain{root.Certificate}},
		"with the root":                      {statement: packed(leaf.Certificate, batch.Certificate, root.Certificate), roots: chain{root.Certificate}},
		"intermediate missing":               {statement: packed(leaf.Certificate), roots: chain{root.Certificate}, detail: DetailIssuer},
		"intermediate is the anchor":         {statement: packed(leaf.Certificate), roots: chain{batch.Certificate}},
		"anchor inside a longer chain":       {statement: packed(leaf.Certificate, batch.Certificate, root.Certificate), roots: chain{batch.Certificate}},
		"leaf is the anchor":                 {statement: packed(leaf.Certificate), roots: chain{leaf.Certificate}},
		"leaf is the anchor, with its chain": {statement: packed(leaf.Certificate, batch.Certificate), roots: chain{leaf.Certificate}},
		"among strangers":                    {statement: packed(leaf.Certificate, batch.Certificate), roots: chain{stranger.Certificate, namesake.Certificate, root.Certificate}},
		"a stranger":                         {statement: packed(leaf.Certificate, batch.Certificate), roots: chain{stranger.Certificate}, detail: DetailIssuer},
		"a stranger, own root presented":     {statement: packed(leaf.Certificate, batch.Certificate, root.Certificate), roots: chain{stranger.Certificate}, detail: DetailIssuer},
		"a root of the same name":            {statement: packed(leaf.Certificate, batch.Certificate, root.Certificate), roots: chain{namesake.Certificate}, detail: DetailIssuer},
		"another leaf is the anchor":         {statement: packed(leaf.Certificate, batch.Certificate), roots: chain{make(batch)}, detail: DetailIssuer},
		"issued by an anchor that is a leaf": {statement: packed(make(leaf)), roots: chain{leaf.Certificate}, detail: DetailIssuer},
		"self-issued leaf":                   {statement: packed(make(nil)), roots: chain{root.Certificate}, detail: DetailIssuer},
		"no roots":                           {statement: packed(leaf.Certificate, batch.Certificate), unproven: mfa.UnprovenNoRoots},

		"longer than the root allows":      {statement: packed(make(under), under.Certificate), roots: chain{short.Certificate}, detail: DetailConstraint},
		"a name outside the root's":        {statement: packed(make(named, func(c *x509.Certificate) { c.DNSNames = []string{"example.org"} })), roots: chain{named.Certificate}, detail: DetailConstraint},
		"a name inside the root's":         {statement: packed(make(named, func(c *x509.Certificate) { c.DNSNames = []string{"a.example.com"} })), roots: chain{named.Certificate}},
		"for other uses":                   {statement: packed(make(root, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning} })), roots: chain{root.Certificate}},
		"critical and unknown":             {statement: packed(make(root, extension(true, []byte{5, 0}, 1, 2, 3, 4))), roots: chain{root.Certificate}, detail: DetailExtension},
		"critical and unknown above":       {statement: packed(make(odd), odd.Certificate), roots: chain{root.Certificate}, detail: DetailExtension},
		"critical transports":              {statement: packed(make(root, extension(true, []byte{3, 2, 4, 0x30}, 1, 3, 6, 1, 4, 1, 45724, 2, 1, 1))), roots: chain{root.Certificate}},
		"critical transports above":        {statement: packed(make(oddTransports), oddTransports.Certificate), roots: chain{root.Certificate}, detail: DetailExtension},
		"critical transports and unknown":  {statement: packed(make(root, extension(true, []byte{3, 2, 4, 0x30}, 1, 3, 6, 1, 4, 1, 45724, 2, 1, 1), extension(true, []byte{5, 0}, 1, 2, 3))), roots: chain{root.Certificate}, detail: DetailExtension},
		"an AIK certificate":               {statement: tpm(make(batch, aik), batch.Certificate), roots: chain{root.Certificate}},
		"an AIK certificate elsewhere":     {statement: packed(make(batch, aik), batch.Certificate), roots: chain{root.Certificate}, detail: DetailExtension},
		"an AIK certificate of a stranger": {statement: tpm(make(batch, aik), batch.Certificate), roots: chain{stranger.Certificate}, detail: DetailIssuer},

		"a leaf of the past":             {statement: packed(make(root, expired)), roots: chain{root.Certificate}, detail: DetailExpired},
		"registered before that":         {statement: packed(make(root, expired)), roots: chain{root.Certificate}, at: now.AddDate(0, -6, 0)},
		"first moment":                   {statement: packed(make(root, during(now, now.AddDate(1, 0, 0)))), roots: chain{root.Certificate}},
		"last moment":                    {statement: packed(make(root, during(now.AddDate(-1, 0, 0), now))), roots: chain{root.Certificate}},
		"a leaf of the future":           {statement: packed(make(root, during(now.Add(time.Second), now.AddDate(1, 0, 0)))), roots: chain{root.Certificate}, detail: DetailExpired},
		"an intermediate of the past":    {statement: packed(make(oldBatch), oldBatch.Certificate), roots: chain{root.Certificate}, detail: DetailExpired},
		"a root of the past":             {statement: packed(make(old)), roots: chain{old.Certificate}, detail: DetailExpired},
		"a root of the past, then":       {statement: packed(make(old)), roots: chain{old.Certificate}, at: now.AddDate(-2, 0, 0)},
		"Apple's short leaf":             {statement: apple(make(root, expired)), roots: chain{root.Certificate}},
		"Apple's, under an old root":     {statement: apple(make(old)), roots: chain{old.Certificate}, detail: DetailExpired},
		"Apple's, of a stranger":         {statement: apple(make(root, expired)), roots: chain{stranger.Certificate}, detail: DetailIssuer},
		"Android's meaningless dates":    {statement: android(make(oldBatch, expired), oldBatch.Certificate), roots: chain{root.Certificate}},
		"Android's, under an old root":   {statement: android(make(old, expired)), roots: chain{old.Certificate}, detail: DetailExpired},
		"SafetyNet's leaf":               {statement: safetyNet(make(batch), batch.Certificate), roots: chain{root.Certificate}},
		"SafetyNet's leaf of the past":   {statement: safetyNet(make(batch, expired), batch.Certificate), roots: chain{root.Certificate}, detail: DetailExpired},
		"SafetyNet's, of a stranger":     {statement: safetyNet(leaf.Certificate, batch.Certificate), roots: chain{stranger.Certificate}, detail: DetailIssuer},
		"in no order, as rp had refused": {statement: packed(batch.Certificate, leaf.Certificate), roots: chain{root.Certificate}, detail: DetailUnreadable, unproven: mfa.UnprovenAttestation},
	} {
		t.Run(name, func(t *testing.T) {
			m := service.Open(mdstest.Entry{AAGUID: model, Name: "Model", Roots: row.roots, Reports: []mdstest.Report{mdstest.Status("FIDO_CERTIFIED_L2", "2015-01-01")}})
			at, unproven := row.at, row.unproven
			if at.IsZero() {
				at = now
			}
			if unproven == mfa.Proven && row.detail != "" {
				unproven = mfa.UnprovenRoot
			}
			got, err := Judge(credential(t, model, row.statement), m, at)
			if err != nil {
				t.Fatal(err)
			}
			if got.Unproven != unproven || got.Detail != row.detail || got.IsProven() != (unproven == mfa.Proven) {
				t.Errorf("%q %q, expected %q %q", got.Unproven, got.Detail, unproven, row.detail)
			}
			if want := map[bool]string{true: "L2"}[got.IsProven()]; got.FIDO != want || (want == "") != (got.Reports == nil) {
				t.Errorf("level %q by %v", got.FIDO, got.Reports)
			}
		})
	}
}
