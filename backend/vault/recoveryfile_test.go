package vault

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

func sampleKey() *mfa.Secret {
	b := make([]byte, keySize)
	for i := range b {
		b[i] = byte(i*37 + 5)
	}
	return mfa.NewSecret(b)
}

func sampleFile() string {
	return string(writeRecoveryFile(accountID, "SLOTID", noon, sampleKey()).Bytes())
}

var keyLine = regexp.MustCompile(`(?m)^  \d   \S{4}-\S{4}-\S{4}-\S{4}$`)

func TestRecoveryFileIsReadAsPeopleHandIt(t *testing.T) {
	file := sampleFile()
	lines := keyLine.FindAllString(file, -1)
	if len(lines) != keyLines {
		t.Fatalf("%d lines of key in\n%s", len(lines), file)
	}
	for name, text := range map[string]string{
		"as written":         file,
		"windows ends":       strings.ReplaceAll(file, "\n", "\r\n"),
		"with a mark":        "\ufeff" + file,
		"quoted in a mail":   "> " + strings.ReplaceAll(file, "\n", "\n> "),
		"only the key":       strings.Join(lines, "\n"),
		"small letters":      strings.ToLower(strings.Join(lines, "\n")),
		"no dashes":          strings.ReplaceAll(strings.Join(lines, "\n"), "-", ""),
		"spaces":             strings.ReplaceAll(strings.Join(lines, "\n"), "-", " "),
		"no numbers":         regexp.MustCompile(`(?m)^  \d   `).ReplaceAllString(strings.Join(lines, "\n"), ""),
		"other order":        lines[3] + "\n" + lines[1] + "\n" + lines[0] + "\n" + lines[2],
		"in one line":        strings.Join(lines, " "),
		"letters for digits": strings.NewReplacer("0", "O", "1", "l").Replace(strings.Join(lines, "\n")),
		"account in groups":  strings.Replace(file, accountID, "1234-5678 9012", 1),
	} {
		t.Run(name, func(t *testing.T) {
			key, err := readRecoveryFile(accountID, []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if !key.Equal(sampleKey()) {
				t.Fatal("it reads another key")
			}
		})
	}
}

func TestRecoveryFileSaysWhatIsWrong(t *testing.T) {
	file := sampleFile()
	lines := keyLine.FindAllString(file, -1)
	typo := func(line string) string {
		b := []byte(line)
		if b[8] == 'A' {
			b[8] = 'B'
		} else {
			b[8] = 'A'
		}
		return string(b)
	}
	for name, test := range map[string]struct{ text, why, line string }{
		"nothing":           {"", "unreadable", ""},
		"another file":      {"Dear diary,\nnothing happened today.\n", "unreadable", ""},
		"a picture":         {"\x89PNG\r\n\x1a\n\x00\x00", "unreadable", ""},
		"too large":         {file + strings.Repeat(" ", maxRecoveryFile), "unreadable", ""},
		"other account":     {strings.Replace(file, accountID, "999999999999", 1), "other-account", ""},
		"typo in line 1":    {strings.Replace(file, lines[0], typo(lines[0]), 1), "line", "1"},
		"typo in line 4":    {strings.Replace(file, lines[3], typo(lines[3]), 1), "line", "4"},
		"line 3 missing":    {strings.Replace(file, lines[2], "", 1), "line", "3"},
		"a character short": {strings.Replace(file, lines[1], lines[1][:len(lines[1])-1], 1), "line", "2"},
		"a line twice":      {strings.Replace(file, lines[1], lines[0], 1), "line", "2"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readRecoveryFile(accountID, []byte(test.text))
			if !mfa.IsCode(err, mfa.CodeRecoveryFile) {
				t.Fatal(err)
			}
			if p := mfa.AsFailure(err).Params; p["why"] != test.why || p["line"] != test.line {
				t.Fatalf("params %v", p)
			}
		})
	}
}

func TestRecoveryFileCanBePrinted(t *testing.T) {
	for line := range strings.Lines(sampleFile()) {
		if len(line) > 79 {
			t.Errorf("%d characters: %s", len(line), line)
		}
		if strings.ContainsFunc(line, func(r rune) bool { return r > 0x7e || r < ' ' && r != '\n' }) {
			t.Errorf("not plain: %q", line)
		}
	}
	for _, part := range []string{accountID, "SLOTID", "2026-11-22 12:00 UTC"} {
		if !strings.Contains(sampleFile(), part) {
			t.Errorf("%q is missing", part)
		}
	}
}

func FuzzRecoveryFile(f *testing.F) {
	f.Add([]byte(sampleFile()))
	f.Add([]byte("Account: 1\n1 AAAA-AAAA-AAAA-AAAA\n"))
	f.Add([]byte("> 12345678901234567"))
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		key, err := readRecoveryFile(accountID, data)
		if (err == nil) != (key.Len() == keySize) {
			t.Fatalf("%d bytes of key and %v", key.Len(), err)
		}
		if err != nil && !mfa.IsCode(err, mfa.CodeRecoveryFile) {
			t.Fatal(err)
		}
		if !bytes.Equal(data, before) {
			t.Fatal("it changed what it read")
		}
	})
}

func FuzzSealed(f *testing.F) {
	b, err := newBox(sampleKey().Bytes())
	if err != nil {
		f.Fatal(err)
	}
	good, err := b.seal(bytes.NewReader(make([]byte, nonceSize)), []byte("seed"), "seed", "row")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good, "seed", "row")
	f.Add(good[:12], "", "")
	f.Add([]byte{version}, "link", "x")
	f.Fuzz(func(t *testing.T, sealed []byte, purpose, id string) {
		secret, err := b.open(sealed, purpose, id)
		if err == nil && (!bytes.Equal(sealed, good) || purpose != "seed" || id != "row") {
			t.Fatalf("%x opens as %q %q to %d bytes", sealed, purpose, id, secret.Len())
		}
	})
}

func FuzzPassphraseParams(f *testing.F) {
	f.Add([]byte(`{"salt":"AAAAAAAAAAAAAAAAAAAAAA==","time":3,"memory_kib":65536,"threads":4}`))
	f.Add([]byte(`{"salt":"AAAAAAAAAAAAAAAAAAAAAA==","time":4294967295,"memory_kib":4294967295,"threads":255}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := readPassphraseParams(data)
		if err != nil {
			if !mfa.IsCode(err, mfa.CodeVaultDamaged) {
				t.Fatal(err)
			}
			return
		}
		if p.MemoryKiB > maxMemoryKiB || p.Time > maxTime || p.Time == 0 || p.Threads == 0 || p.Threads > maxThreads {
			t.Fatalf("%+v would cost too much", p)
		}
	})
}

func FuzzSlot(f *testing.F) {
	s, err := newSlot(bytes.NewReader(make([]byte, nonceSize)), accountID, mfa.SlotSystem, []byte("{}"), noon, "id", sampleKey(), sampleKey())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(s.Params, s.Wrapped)
	f.Add([]byte(nil), s.Wrapped[:8])
	f.Fuzz(func(t *testing.T, params, wrapped []byte) {
		c := s
		c.Params, c.Wrapped = params, wrapped
		data, err := unwrap(accountID, c, sampleKey())
		same := bytes.Equal(params, s.Params) && bytes.Equal(wrapped, s.Wrapped)
		if (err == nil) != same {
			t.Fatalf("%v, and the slot is the same: %v", err, same)
		}
		data.Wipe()
	})
}
