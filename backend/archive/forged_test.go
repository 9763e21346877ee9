package archive

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"filippo.io/age"

	"github.com/keyferry/keyferry/backend/mfa"
)

// entry is one member of a hand-made archive.
type entry struct {
	tar.Header
	data []byte
}

func file(name string, data []byte) entry {
	return entry{tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(data)), Mode: 0o600, Format: tar.FormatUSTAR}, data}
}

func packed(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		if err := w.WriteHeader(&e.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(e.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func sealed(t testing.TB, phrase string, factor int, plain []byte) []byte {
	t.Helper()
	r, err := age.NewScryptRecipient(phrase)
	if err != nil {
		t.Fatal(err)
	}
	r.SetWorkFactor(factor)
	return sealedTo(t, r, plain)
}

func sealedForKey(t testing.TB) []byte {
	t.Helper()
	i, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return sealedTo(t, i.Recipient(), nil)
}

func sealedTo(t testing.TB, r age.Recipient, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := age.Encrypt(&b, r)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// plainOf opens a backup as anybody with age and tar can.
func plainOf(t testing.TB, path string) (m manifest, members map[string][]byte) {
	t.Helper()
	i, err := age.NewScryptIdentity(phrase)
	if err != nil {
		t.Fatal(err)
	}
	r, err := age.Decrypt(bytes.NewReader(read(t, path)), i)
	if err != nil {
		t.Fatal(err)
	}
	members = map[string][]byte{}
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if members[h.Name], err = io.ReadAll(tr); err != nil {
			t.Fatal(err)
		}
	}
	if err := json.Unmarshal(members[manifestName], &m); err != nil {
		t.Fatal(err)
	}
	return m, members
}

func TestWhatIsInsideIsNotBelieved(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	w := newWorld(t)
	w.fill()
	good, members := plainOf(t, w.backup())
	if good.Format != Format || good.App != "1.2.3" || len(good.Members) != 2 {
		t.Errorf("manifest %+v", good)
	}
	head := func(change func(*manifest)) entry {
		m := good
		m.Members = slices.Clone(good.Members)
		if change != nil {
			change(&m)
		}
		data, err := json.Marshal(m)
		w.must(err)
		return file(manifestName, data)
	}
	key, db := file(keyName, members[keyName]), file(databaseName, members[databaseName])
	dir := t.TempDir()
	for name, test := range map[string]struct {
		entries []entry
		code    mfa.Code
	}{
		"as it should be":       {[]entry{head(nil), key, db}, ""},
		"a newer format":        {[]entry{head(func(m *manifest) { m.Format = 2 }), key, db}, mfa.CodeBackupNewer},
		"newer, and all other":  {[]entry{file(manifestName, []byte(`{"format":7,"things":[]}`))}, mfa.CodeBackupNewer},
		"no format":             {[]entry{head(func(m *manifest) { m.Format = 0 }), key, db}, mfa.CodeBackupUnreadable},
		"no JSON":               {[]entry{file(manifestName, []byte("{")), key, db}, mfa.CodeBackupUnreadable},
		"no account":            {[]entry{head(func(m *manifest) { m.Account = "../../etc" }), key, db}, mfa.CodeBackupUnreadable},
		"an endless manifest":   {[]entry{file(manifestName, make([]byte, maxManifest+1))}, mfa.CodeBackupUnreadable},
		"an endless database":   {[]entry{head(func(m *manifest) { m.Members[1].Size = maxDatabase + 1 }), key, db}, mfa.CodeBackupUnreadable},
		"a name that climbs":    {[]entry{head(nil), key, file("../"+databaseName, members[databaseName])}, mfa.CodeBackupDamaged},
		"a name it also has":    {[]entry{head(func(m *manifest) { m.Members[1].Name = "../x" }), key, file("../x", nil)}, mfa.CodeBackupUnreadable},
		"a link":                {[]entry{head(nil), key, {Header: tar.Header{Typeflag: tar.TypeSymlink, Name: databaseName, Linkname: "/etc/passwd", Format: tar.FormatUSTAR}}}, mfa.CodeBackupDamaged},
		"other order":           {[]entry{head(nil), db, key}, mfa.CodeBackupDamaged},
		"no manifest":           {[]entry{key, db}, mfa.CodeBackupUnreadable},
		"no database":           {[]entry{head(nil), key}, mfa.CodeBackupDamaged},
		"one more":              {[]entry{head(nil), key, db, file("more", nil)}, mfa.CodeBackupDamaged},
		"another key":           {[]entry{head(nil), file(keyName, make([]byte, keySize)), db}, mfa.CodeBackupDamaged},
		"another database":      {[]entry{head(nil), key, file(databaseName, append(members[databaseName][:100:100], members[databaseName][101:]...))}, mfa.CodeBackupDamaged},
		"a changed database":    {[]entry{head(nil), key, file(databaseName, flipped(members[databaseName]))}, mfa.CodeBackupDamaged},
		"nothing at all":        {nil, mfa.CodeBackupUnreadable},
		"other account claimed": {[]entry{head(func(m *manifest) { m.Account = "999999999999" }), key, db}, mfa.CodeBackupDamaged},
		"no key for secrets":    {[]entry{head(func(m *manifest) { m.Members = m.Members[1:] }), db}, mfa.CodeBackupDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			p := filepath.Join(dir, "f")
			if err := os.WriteFile(p, sealed(t, phrase, 4, packed(t, test.entries...)), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Rehearse(t.Context(), p, pass(phrase), "", opener)
			if test.code == "" && err != nil || test.code != "" && !mfa.IsCode(err, test.code) {
				t.Fatalf("got %v (%s), want %q", err, mfa.AsFailure(err).Explain(), test.code)
			}
		})
	}
	tail := append(packed(t, head(nil), key, db), "something else"...)
	p := filepath.Join(dir, "tail")
	w.must(os.WriteFile(p, sealed(t, phrase, 4, tail), 0o600))
	_, err := Rehearse(t.Context(), p, pass(phrase), "", opener)
	refuses(t, err, mfa.CodeBackupDamaged)
	if left := files(t, os.Getenv("TMPDIR")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func flipped(data []byte) []byte {
	data = bytes.Clone(data)
	data[len(data)/2] ^= 1
	return data
}

func FuzzArchive(f *testing.F) {
	good := manifest{Format: 1, Account: "123456789012", Members: []member{{databaseName, 5, make([]byte, 32)}}}
	head, err := json.Marshal(good)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed(f, file(manifestName, head), file(databaseName, []byte("hello"))))
	f.Add(packed(f, file(manifestName, []byte(`{"format":2}`))))
	f.Add([]byte("manifest.json"))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		_, key, err := newReader(bytes.NewReader(data)).all(dir, func(manifest) error { return nil })
		key.Wipe()
		switch mfa.AsFailure(err) {
		case nil:
		default:
			switch c := mfa.AsFailure(err).Code; c {
			case mfa.CodeBackupUnreadable, mfa.CodeBackupDamaged, mfa.CodeBackupNewer:
			default:
				t.Fatal(err)
			}
		}
		for _, name := range files(t, dir) {
			if name != databaseName {
				t.Fatalf("it wrote %q", name)
			}
		}
	})
}

func FuzzSealedFile(f *testing.F) {
	whole := sealed(f, phrase, 1, packed(f, file(manifestName, []byte(`{"format":1}`))))
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add([]byte(magic + "-> scrypt AAAAAAAAAAAAAAAAAAAAAA 30\nAAAA\n--- AAAA\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.Contains(data, []byte(" 1")) && !bytes.Contains(data, []byte(" 1\n")) {
			t.Skip("a work factor of ten and more is only slow")
		}
		_, key, err := unpackFrom(t.Context(), bytes.NewReader(data), pass(phrase), t.TempDir(), func(manifest) error { return nil })
		key.Wipe()
		if err == nil {
			t.Fatal("it was believed")
		}
		if mfa.AsFailure(err).Code == mfa.CodeInternal {
			t.Fatal(err)
		}
	})
}
