package mds_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"image"
	"image/png"
	"strings"
	"sync"
	"testing"

	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/mds/mdstest"
)

func base64Of(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

// A later start finds all that the import found.
func TestIndex(t *testing.T) {
	s := mdstest.New(t)
	small := s.Open(mdstest.Many(t, 60)...)
	for _, c := range []struct {
		name string
		m    func(t *testing.T) *mds.Metadata
	}{
		{"none", func(*testing.T) *mds.Metadata { return s.Open() }},
		{"many", func(*testing.T) *mds.Metadata { return small }},
		{"real", func(t *testing.T) *mds.Metadata {
			m, err := mds.Open(shared(t, "mds/blob-2021-no9.jwt"), mds.FIDO(), today)
			if err != nil {
				t.Fatal(err)
			}
			return m
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := c.m(t)
			index := m.Index()
			back, err := mds.Load(index)
			if err != nil {
				t.Fatal(err)
			}
			if show(back) != show(m) || string(back.Index()) != string(index) {
				t.Error("something was lost")
			}
			clear(index)
			if show(back) != show(m) {
				t.Error("it keeps what it was given")
			}
		})
	}
}

func TestDamagedIndex(t *testing.T) {
	index := mdstest.New(t).Open(mdstest.Entry{AAGUID: mdstest.Model(1), Name: "One"}).Index()
	resum := func(body []byte) []byte {
		sum := sha256.Sum256(body)
		return append(body, sum[:]...)
	}
	change := func(at int, to byte) []byte {
		changed := append([]byte(nil), index...)
		changed[at] = to
		return changed
	}
	body := index[:len(index)-sha256.Size]
	for _, c := range []struct {
		name  string
		index []byte
		want  string
	}{
		{"empty", nil, "metadata-malformed where=checksum"},
		{"another file", []byte(strings.Repeat("x", 200)), "metadata-malformed where=checksum"},
		{"another version", change(4, 99), "metadata-malformed where=version"},
		{"one bit", change(60, index[60]^1), "metadata-malformed where=checksum"},
		{"cut", index[:len(index)-1], "metadata-malformed where=checksum"},
		{"cut and summed", resum(append([]byte(nil), body[:len(body)-3]...)), "metadata-malformed where=body"},
		{"longer and summed", resum(append(append([]byte(nil), body...), 0)), "metadata-malformed where=body"},
		{"a huge count", resum(append(append([]byte(nil), body[:5]...), 0, 0, 0xff, 0xff, 0xff, 0xff, 0x0f)), "metadata-malformed where=body"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := mds.Load(c.index)
			wantFailure(t, err, c.want)
		})
	}
	for n := range body {
		if _, err := mds.Load(resum(append([]byte(nil), body[:n]...))); err == nil {
			t.Errorf("cut at %d it was taken", n)
		}
	}
}

func TestDetails(t *testing.T) {
	s := mdstest.New(t)
	icon := mdstest.Icon(20_000)
	entries := []mdstest.Entry{
		{AAGUID: mdstest.Model(1), Name: "One", Icon: icon, Firmware: 7, Transports: []string{"usb"}, Certifications: map[string]int{"FIDO": 3},
			MoreStatement: map[string]any{"legalHeader": "terms", "alternativeDescriptions": map[string]any{"de-DE": "Eins", "xx": 7}, "cryptoStrength": 128, "isKeyRestricted": true,
				"userVerificationDetails": []any{[]any{map[string]any{"userVerificationMethod": "passcode_external", "caDesc": nil}, map[string]any{"userVerificationMethod": "presence_internal"}}, []any{}}}},
		{KeyIDs: [][]byte{{0xAB, 1}}, Name: "Two", Protocol: "u2f", MoreStatement: map[string]any{"authenticatorGetInfo": nil}},
		{AAID: "4e4e#4005", Name: "Three"},
	}
	for pad := range 4 { // each way of lying across groups of four characters
		s.Legal = strings.Repeat("x", pad)
		blob := s.Blob(entries...)
		m, err := mds.Open(blob, s.Anchors(), mdstest.Now)
		if err != nil {
			t.Fatal(err)
		}
		if m, err = mds.Load(m.Index()); err != nil {
			t.Fatal(err)
		}
		for i, model := range m.Models() {
			d, err := mds.Details(blob, model)
			if err != nil || d.Name != entries[i].Name {
				t.Errorf("%d: %+v %v", pad, d, err)
			}
		}
		d, _ := mds.Details(blob, m.Models()[0])
		if d.Picture != icon || d.Legal != "terms" || len(d.Descriptions) != 1 || d.Descriptions["de-DE"] != "Eins" {
			t.Errorf("%+v", d)
		}
		var facts []string
		for _, f := range d.Facts {
			facts = append(facts, f.Name+": "+strings.Join(f.Values, ", "))
		}
		want := "protocol: fido2\nversions: FIDO_2_1\nfirmware: 7\nalgorithms: secp256r1_ecdsa_sha256_raw\nattestation: basic_full\n" +
			"user-verification: passcode_external + presence_internal\nkey-protection: hardware, secure_element\nmatcher-protection: on_chip\n" +
			"crypto-strength: 128\ntransports: usb\noptions: rk=true\ncertifications: FIDO=3\nkey-restricted: true"
		if got := strings.Join(facts, "\n"); got != want {
			t.Errorf("%s", got)
		}
		if d, _ := mds.Details(blob, m.Models()[1]); d.Facts[1].Name != "versions" || d.Facts[1].Values[0] != "1.1" {
			t.Errorf("%+v", d.Facts)
		}
		_, err = mds.Details(s.Blob(entries[2], entries[1], entries[0]), m.Models()[0])
		wantFailure(t, err, "metadata-malformed what=entry")
		// Another model's entry in the very place.
		twin := entries[2]
		twin.AAID = "4e4e#4006"
		_, err = mds.Details(s.Blob(entries[0], entries[1], twin), m.Models()[2])
		wantFailure(t, err, "metadata-malformed what=entry")
		for _, other := range []string{"", "...", string(blob[:len(blob)/2])} {
			_, err = mds.Details([]byte(other), m.Models()[2])
			wantFailure(t, err, "metadata-malformed what=entry")
		}
	}
}

// Every entry of the real BLOB is found again, most with their pictures.
func TestDetailsOfRealBlob(t *testing.T) {
	raw := shared(t, "mds/blob-2021-no9.jwt")
	m, err := mds.Open(raw, mds.FIDO(), today)
	if err != nil {
		t.Fatal(err)
	}
	pictures := 0
	for _, model := range m.Models() {
		d, err := mds.Details(raw, model)
		if err != nil || d.Name != model.Name || len(d.Facts) < 8 {
			t.Errorf("%s: %+v %v", model.ID, d, err)
		}
		if d.Picture != "" {
			pictures++
		} else {
			t.Log(model.Name, "has no picture that is shown")
		}
	}
	if pictures < 90 {
		t.Errorf("%d pictures", pictures)
	}
}

// Pictures come from outside and go to a page.
func TestPictures(t *testing.T) {
	s := mdstest.New(t)
	good := mdstest.Icon(500)
	data := strings.TrimPrefix(good, "data:image/png;base64,")
	raw, _ := base64.StdEncoding.DecodeString(data)
	broken := append([]byte(nil), raw...)
	copy(broken[16:], "\x00\x01\x00\x00")
	sized := func(width, height int) string {
		var b bytes.Buffer
		if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
			t.Fatal(err)
		}
		return "data:image/png;base64," + base64Of(b.Bytes())
	}
	for _, c := range []struct {
		name, icon string
		shown      bool
	}{
		{"PNG", good, true},
		{"largest", mdstest.Icon(250 << 10), true},
		{"too large", mdstest.Icon(300 << 10), false},
		{"2048 pixels a side", sized(2048, 2048), true},
		{"too wide", sized(2049, 1), false},
		{"too high", sized(1, 2049), false},
		{"a head with another checksum", "data:image/png;base64," + base64Of(broken), false},
		{"SVG", "data:image/svg+xml;base64," + base64Of([]byte("<svg/>")), false},
		{"an address", "https://example.com/x.png", false},
		{"a page", "data:text/html;base64," + data, false},
		{"PNG that says JPEG", "data:image/jpeg;base64," + data, false},
		{"broken base64", good[:len(good)-3] + "!", false},
		{"no base64", "data:image/png," + data, false},
		{"empty", "data:image/png;base64,", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			blob := s.Blob(mdstest.Entry{AAGUID: mdstest.Model(1), Icon: c.icon})
			m, err := mds.Open(blob, s.Anchors(), mdstest.Now)
			if err != nil {
				t.Fatal(err)
			}
			d, err := mds.Details(blob, m.Models()[0])
			if err != nil || (d.Picture != "") != c.shown {
				t.Errorf("%v %.60q", err, d.Picture)
			}
		})
	}
}

// A Metadata is read from many sides at once.
func TestTogether(t *testing.T) {
	m := mdstest.New(t).Open(mdstest.Many(t, 20)...)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for _, model := range m.Models() {
				model.Roots()
				model.Certificates(mdstest.Now, 0)
				m.ByID(model.ID)
			}
			m.Index()
		})
	}
	all.Wait()
}
