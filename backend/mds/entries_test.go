package mds_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/mds/mdstest"
	"github.com/keyferry/keyferry/backend/mfa"
)

// A strange entry costs itself at most. Each row stands between two good ones.
func TestOddEntries(t *testing.T) {
	s := mdstest.New(t)
	maker := mdstest.NewMaker(t, "Example")
	id := mdstest.Model(5)
	good := mdstest.Status("FIDO_CERTIFIED_L2", "2024-01-01")
	with := func(more map[string]any) mdstest.Entry {
		return mdstest.Entry{AAGUID: id, Name: "Five", Reports: []mdstest.Report{good}, More: more}
	}
	stated := func(more map[string]any) mdstest.Entry {
		return mdstest.Entry{AAGUID: id, Name: "Five", Reports: []mdstest.Report{good}, MoreStatement: more}
	}
	reported := func(r ...any) mdstest.Entry { return with(map[string]any{"statusReports": r}) }
	raw := func(text string) mdstest.Entry { return mdstest.Entry{Raw: json.RawMessage(text)} }
	deep := strings.Repeat("[", 100) + strings.Repeat("]", 100)
	for _, c := range []struct {
		name  string
		entry mdstest.Entry
		odd   string // notes, in their order; ! where the entry is left out
		level string
	}{
		{"good", with(nil), "", "L2"},
		{"unknown members", with(map[string]any{"somethingNew": map[string]any{"a": []any{nil, true, 1.5e3, "x"}}}), "", "L2"},
		{"a deep unknown member", with(map[string]any{"somethingNew": json.RawMessage(deep)}), "", "L2"},
		{"unknown status beside", reported(good, mdstest.Status("FIDO_CERTIFIED_L9", "")), "", "L2"},
		{"no statement", with(map[string]any{"metadataStatement": nil}), "", "L2"},
		{"statement is a text", with(map[string]any{"metadataStatement": "x"}), "statement", "L2"},
		{"nulls everywhere", with(map[string]any{"aaid": nil, "attestationCertificateKeyIdentifiers": nil, "timeOfLastStatusChange": nil, "rogueListURL": nil}), "", "L2"},
		{"nulls in the statement", stated(map[string]any{"description": nil, "attestationRootCertificates": nil, "authenticatorGetInfo": nil, "icon": nil, "attachmentHint": nil}), "", "L2"},
		{"nulls in a report", reported(map[string]any{"status": "FIDO_CERTIFIED_L2", "effectiveDate": nil, "authenticatorVersion": nil, "certificate": nil, "url": nil}), "", "L2"},
		{"wrong types in the statement", stated(map[string]any{"description": 7, "protocolFamily": []any{}, "attestationTypes": "basic", "authenticatorGetInfo": 1, "icon": 3}), "", "L2"},
		{"a huge picture", stated(map[string]any{"icon": mdstest.Icon(1 << 20)}), "", "L2"},
		{"null", mdstest.Entry{Raw: json.RawMessage("null")}, "object!", ""},
		{"a number", raw("7"), "object!", ""},
		{"a list", raw("[]"), "object!", ""},
		{"no ID at all", raw(`{"statusReports":[]}`), "id!", ""},
		{"zero AAGUID", with(map[string]any{"aaguid": "00000000-0000-0000-0000-000000000000"}), "aaguid!", ""},
		{"AAGUID too short", with(map[string]any{"aaguid": "6b657966"}), "aaguid!", ""},
		{"AAGUID in capitals", with(map[string]any{"aaguid": strings.ToUpper(id.String())}), "", "L2"},
		{"AAGUID is a number", with(map[string]any{"aaguid": 5}), "aaguid!", ""},
		{"inner AAGUID differs", stated(map[string]any{"aaguid": mdstest.Model(6).String()}), "inner-aaguid", "L2"},
		{"inner AAGUID in another spelling", stated(map[string]any{"aaguid": strings.ToUpper(id.String())}), "", "L2"},
		{"no reports", raw(fmt.Sprintf(`{"aaguid":"%s"}`, id)), "reports!", ""},
		{"reports are an object", with(map[string]any{"statusReports": map[string]any{}}), "reports!", ""},
		{"reports are null", with(map[string]any{"statusReports": nil}), "reports!", ""},
		{"a report is null", reported(good, nil), "report!", ""},
		{"a report has no status", reported(good, map[string]any{"effectiveDate": "2024-01-01"}), "report!", ""},
		{"a status is a number", reported(good, map[string]any{"status": 3}), "report!", ""},
		{"300 reports", with(map[string]any{"statusReports": json.RawMessage("[" + strings.TrimSuffix(strings.Repeat(`{"status":"FIDO_CERTIFIED_L2"},`, 300), ",") + "]")}), "reports!", ""},
		{"a member twice", raw(fmt.Sprintf(`{"aaguid":"%s","statusReports":[],"statusReports":[{"status":"REVOKED"}]}`, id)), "members!", ""},
		{"a member twice, once with escapes", raw(fmt.Sprintf(`{"aaguid":"%s","statusReports":[],"status\u0052eports":[{"status":"REVOKED"}]}`, id)), "members!", ""},
		{"a status twice in one report", raw(fmt.Sprintf(`{"aaguid":"%s","statusReports":[{"status":"FIDO_CERTIFIED","status":"REVOKED"}]}`, id)), "members!", ""},
		{"a date that is none", reported(mdstest.Status("FIDO_CERTIFIED_L2", "2024-13-01")), "date", ""},
		{"an empty date", reported(map[string]any{"status": "FIDO_CERTIFIED_L2", "effectiveDate": ""}), "", "L2"},
		{"a date with a time", reported(mdstest.Status("FIDO_CERTIFIED_L2", "2024-01-01T00:00:00Z")), "", "L2"},
		{"a warning without a readable date", reported(good, mdstest.Status("REVOKED", "soon")), "date", ""},
		{"a version that is none", reported(good.With("authenticatorVersion", -1)), "version", ""},
		{"a revision that is a text", reported(mdstest.Status("FIPS140_CERTIFIED_L2", "").With("fipsRevision", "3"), good), "version", "L2"},
		{"last change is none", with(map[string]any{"timeOfLastStatusChange": "yesterday"}), "date", "L2"},
		{"odd key identifiers", with(map[string]any{"attestationCertificateKeyIdentifiers": []any{"zz", nil, "0011"}}), "key-id", "L2"},
		{"key identifiers are a text", with(map[string]any{"attestationCertificateKeyIdentifiers": "0011"}), "key-id", "L2"},
		{"a root that is no certificate", stated(map[string]any{"attestationRootCertificates": []any{base64Of(append([]byte{0x30, 0x81, 0xfd}, make([]byte, 253)...)), mdstest.Chain(maker.Root)[0]}}), "root", "L2"},
		{"odd roots", stated(map[string]any{"attestationRootCertificates": []any{"AAAA", 7, "MII", mdstest.Chain(maker.Root)[0]}}), "root", "L2"},
		{"odd certifications", stated(map[string]any{"authenticatorGetInfo": map[string]any{"certifications": map[string]any{"FIPS-CMVP-2": "2", "FIDO": 1.5}}}), "certifications", "L2"},
		{"firmware is a text", stated(map[string]any{"authenticatorVersion": "5.7"}), "version", "L2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := s.Open(mdstest.Entry{AAGUID: mdstest.Model(1)}, c.entry, mdstest.Entry{AAGUID: mdstest.Model(2)})
			var notes []string
			for _, o := range m.Odd {
				if o.Position != 1 || o.Used == strings.HasSuffix(c.odd, "!") {
					t.Errorf("%+v", o)
				}
				note := o.Why
				if !o.Used {
					note += "!"
				}
				notes = append(notes, note)
			}
			if got := strings.Join(notes, " "); got != c.odd {
				t.Errorf("odd %q, want %q", got, c.odd)
			}
			models := 3
			if strings.HasSuffix(c.odd, "!") {
				models = 2
			}
			if len(m.Models()) != models || m.Unread() != 3-models {
				t.Errorf("%d models, %d unread", len(m.Models()), m.Unread())
			}
			level := ""
			if model, ok := m.ByAAGUID(id); ok {
				certificates, _ := model.Certificates(mdstest.Now, 0)
				level = certificates.FIDO
			}
			if level != c.level {
				t.Errorf("level %q, want %q", level, c.level)
			}
			if back, err := mds.Load(m.Index()); err != nil || show(back) != show(m) {
				t.Errorf("%v\n%s\n%s", err, show(back), show(m))
			}
		})
	}
}

// show is everything of a Metadata that has a name.
func show(m *mds.Metadata) string {
	if m == nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintln(&b, m.Number, m.NextUpdate, m.Legal, m.Signer, m.Algorithm, m.Validity, m.Lists, m.Hash, m.Size, m.Odd)
	for _, model := range m.Models() {
		fmt.Fprintf(&b, "%q %s %q %x %q %s %q %+v %v %q %d %s %d\n", model.ID, model.AAGUID, model.AAID, model.KeyIDs, model.Name, model.Protocol,
			model.Transports, model.Reports, model.Certifications, model.AttestationTypes, model.Firmware, model.Since, model.Position)
		for _, root := range model.Roots() {
			fmt.Fprintf(&b, "\t%x\n", root.Raw[:16])
		}
	}
	return b.String()
}

func TestWhatAnEntryGives(t *testing.T) {
	s, maker := mdstest.New(t), mdstest.NewMaker(t, "Example")
	m := s.Open(
		mdstest.Entry{AAGUID: mdstest.Model(1), Name: "One\n\u202etwo", Firmware: 328707, Roots: []*x509.Certificate{maker.Root}, Transports: []string{"nfc", "usb", "carrier-pigeon"}, Since: "2025-05-05",
			Reports: []mdstest.Report{mdstest.Status("FIDO_CERTIFIED_L1", "2024-02-29").With("certificateNumber", "N1").With("sunsetDate", "2034-01-01").
				With("url", "https://example.com").With("certificationDescriptor", "D").With("authenticatorVersion", 3).With("batchCertificate", mdstest.Chain(maker.Batch)[0])}},
		mdstest.Entry{KeyIDs: [][]byte{{1, 2}, {3, 4}}, Hints: []string{"external", "wired", "bluetooth", "nfc"}, Protocol: "u2f"},
		mdstest.Entry{AAID: "4e4e#4005", Hints: []string{"internal"}, Protocol: "uaf", Name: "A phone"},
	)
	if len(m.Odd) != 0 {
		t.Fatal(m.Odd)
	}
	one, two, three := m.Models()[0], m.Models()[1], m.Models()[2]
	day := func(text string) time.Time { d, _ := time.Parse(time.DateOnly, text); return d }
	if one.ID != mdstest.Model(1).String() || one.Name != "Onetwo" || one.Firmware != 328707 || !one.Since.Equal(day("2025-05-05")) ||
		fmt.Sprint(one.Transports) != "[usb nfc]" || len(one.Roots()) != 1 || !one.Roots()[0].Equal(maker.Root) {
		t.Errorf("%+v", one)
	}
	r := one.Reports[0]
	if r.Status != "FIDO_CERTIFIED_L1" || r.Effective != day("2024-02-29") || r.Sunset != day("2034-01-01") || r.Number != "N1" ||
		r.URL != "https://example.com" || r.Descriptor != "D" || r.Version != 3 || string(r.Batch) != string(maker.Batch.Raw) {
		t.Errorf("%+v", r)
	}
	if two.ID != "0102" || two.Name != "0102" || fmt.Sprint(two.Transports) != "[usb nfc ble]" || two.Protocol != "u2f" {
		t.Errorf("%+v", two)
	}
	if again, ok := m.ByKeyID([]byte{3, 4}); !ok || again != two {
		t.Error("not found by its second key identifier")
	}
	if again, ok := m.ByID("4E4E#4005"); !ok || again != three || fmt.Sprint(three.Transports) != "[internal]" || three.Protocol != "uaf" {
		t.Errorf("%+v", three)
	}
	if _, ok := m.ByAAGUID(mfa.AAGUID{}); ok {
		t.Error("the zero AAGUID names a model")
	}
}

// Of two entries for one model the first counts, but no warning of the second is lost.
func TestDoubledEntries(t *testing.T) {
	s := mdstest.New(t)
	entry := func(status string) mdstest.Entry {
		return mdstest.Entry{AAGUID: mdstest.Model(1), Name: status, Reports: []mdstest.Report{mdstest.Status(status, "")}}
	}
	m := s.Open(entry("FIDO_CERTIFIED_L1"), entry("FIDO_CERTIFIED_L3"), entry("REVOKED"))
	if len(m.Models()) != 1 || len(m.Odd) != 2 || m.Odd[1].Why != "doubled" || m.Odd[1].Position != 2 || m.Odd[1].ID != mdstest.Model(1).String() {
		t.Fatalf("%d %+v", len(m.Models()), m.Odd)
	}
	model := m.Models()[0]
	if r, refused := model.Refused(mdstest.Now, 0, nil); !refused || r.Status != "REVOKED" || model.Name != "FIDO_CERTIFIED_L1" {
		t.Errorf("%+v", model)
	}
}

// A payload that is no BLOB as a whole is refused with its place.
func TestUnreadable(t *testing.T) {
	s := mdstest.New(t)
	entries := func(n int, one string) string {
		return `{"no":1,"entries":[` + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + `]}`
	}
	for _, c := range []struct{ name, payload, want string }{
		{"empty object", `{}`, "metadata-malformed where=no"},
		{"a list", `[]`, "metadata-malformed where=payload"},
		{"null", `null`, "metadata-malformed where=payload"},
		{"white space", `  `, "metadata-malformed where=payload byte 2"},
		{"no number", `{"entries":[]}`, "metadata-malformed where=no"},
		{"a number in quotes", `{"no":"7","entries":[]}`, "metadata-malformed where=no"},
		{"a broken number", `{"no":7.5,"entries":[]}`, "metadata-malformed where=no"},
		{"below zero", `{"no":-7,"entries":[]}`, "metadata-malformed where=no"},
		{"beyond 64 bits", `{"no":99999999999999999999,"entries":[]}`, "metadata-malformed where=no"},
		{"two numbers", `{"no":7,"no":8,"entries":[]}`, "metadata-malformed what=doubled member"},
		{"no entries", `{"no":7}`, "metadata-malformed where=entries"},
		{"entries are null", `{"no":7,"entries":null}`, "metadata-malformed where=entries"},
		{"something after it", `{"no":7,"entries":[]}{}`, "metadata-malformed where=payload byte 21"},
		{"a comma too much", `{"no":7,"entries":[],}`, "metadata-malformed where=payload byte 21"},
		{"ends within an entry", `{"no":7,"entries":[{"aaguid":"`, "metadata-malformed where=payload byte 30"},
		{"wrong bracket", `{"no":7,"entries":[{"a":[}]]}`, "metadata-malformed what=JSON"},
		{"a bare word", `{"no":7,"entries":[yes]}`, "metadata-malformed where=payload byte 19"},
		{"a number that is none", `{"no":7,"entries":[01]}`, "metadata-malformed where=payload byte 19"},
		{"nested too deep", `{"no":7,"entries":[` + strings.Repeat(`[`, 1e5) + `]}`, "metadata-malformed what=nesting"},
		{"nested too deep in objects", `{"no":7,"entries":[{"metadataStatement":` + strings.Repeat(`{"a":`, 1e5) + `]}`, "metadata-malformed what=nesting"},
		{"too many entries", entries(20_001, "1"), "metadata-malformed what=entries"},
		{"too many reports in all", entries(410, `{"statusReports":[`+strings.TrimSuffix(strings.Repeat(`{"status":"A"},`, 250), ",")+`]}`), "metadata-malformed what=entries"},
		{"not UTF-8", "{\"no\":7,\"entries\":[\xff]}", "metadata-malformed where=payload byte 19"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := mds.Open(s.Sign([]byte(c.payload)), s.Anchors(), mdstest.Now)
			wantFailure(t, err, c.want)
		})
	}
	// The signature holds for all of these; places in the payload would not.
	for _, c := range []struct{ name, payload string }{
		{"line ends in it", "eyJu\nbyI6MSwiZW50cmllcyI6W119"},
		{"padding", "e30="},
		{"standard base64", "++//"},
		{"bits left over", "e31"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := mds.Open(s.SignEncoded(c.payload), s.Anchors(), mdstest.Now)
			wantFailure(t, err, "metadata-malformed what=base64")
		})
	}
	t.Run("texts that are not UTF-8", func(t *testing.T) {
		m, err := mds.Open(s.Sign([]byte("{\"no\":7,\"entries\":[{\"aaid\":\"x\",\"statusReports\":[],\"metadataStatement\":{\"description\":\"a\xffb\\ud800\\n\\uD83D\\uDE00\"}}]}")), s.Anchors(), mdstest.Now)
		if err != nil || m.Models()[0].Name != "a\uFFFDb\uFFFD😀" {
			t.Errorf("%v %q", err, m.Models()[0].Name)
		}
	})
}

// Everything of target jwt in the corpus of malformed inputs is refused.
func TestMalformedCorpus(t *testing.T) {
	var corpus struct {
		Items []struct {
			ID, Target, Expect string
			Hex                string
			Gen                *struct {
				Prefix, Unit, Suffix string
				Count                int
			}
		}
	}
	if err := json.Unmarshal(shared(t, "malformed.json"), &corpus); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, item := range corpus.Items {
		if item.Target != "jwt" {
			continue
		}
		n++
		text := item.Hex
		if item.Gen != nil {
			text = item.Gen.Prefix + strings.Repeat(item.Gen.Unit, item.Gen.Count) + item.Gen.Suffix
		}
		t.Run(item.ID, func(t *testing.T) {
			if _, err := mds.Open(unhex(t, text), mds.FIDO(), today); err == nil {
				t.Error("it was taken")
			} else if !strings.HasPrefix(err.Error(), "metadata-") {
				t.Error(err)
			}
		})
	}
	if n == 0 {
		t.Error("no item has the target")
	}
}

func TestHeaders(t *testing.T) {
	s := mdstest.New(t)
	_, rest, _ := strings.Cut(string(s.Blob()), ".")
	for _, c := range []struct{ name, header, want string }{
		{"no JSON", `x`, "metadata-malformed what=JSON"},
		{"a list", `[]`, "metadata-malformed where=header"},
		{"alg twice", `{"alg":"ES256","alg":"none"}`, "metadata-malformed what=doubled member"},
		{"something after it", `{"alg":"ES256"} x`, "metadata-malformed what=JSON"},
		{"deep", strings.Repeat(`{"a":`, 2000), "metadata-malformed what=nesting"},
		{"long", `{"alg":"ES256","x":"` + strings.Repeat("x", 200<<10) + `"}`, "metadata-malformed what=length"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := mds.Open([]byte(base64.RawURLEncoding.EncodeToString([]byte(c.header))+"."+rest), s.Anchors(), mdstest.Now)
			wantFailure(t, err, c.want)
		})
	}
	for _, c := range []struct{ name, token, want string }{
		{"empty", "", "metadata-malformed what=JWT"},
		{"a page", "<!doctype html>", "metadata-malformed what=JWT"},
		{"two parts", "e30.e30", "metadata-malformed what=JWT"},
		{"padding", "e30=.e30.AA", "metadata-malformed what=base64"},
		{"four parts", string(s.Blob()) + ".AA", "metadata-malformed where=signature"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := mds.Open([]byte(c.token), s.Anchors(), mdstest.Now)
			wantFailure(t, err, c.want)
		})
	}
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
