package vault

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// The key stands in the file in four lines of four groups. Each line carries eight
// bytes of the key and two of a checksum, so that whoever types it from paper is
// told which line is wrong. The alphabet is Crockford's base32: I and L read as 1,
// O as 0, and U does not occur.
const (
	alphabet  = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	keyLines  = 4
	lineKey   = keySize / keyLines
	lineSum   = 2
	lineChars = (lineKey + lineSum) * 8 / 5

	maxRecoveryFile = 64 << 10
)

// writeRecoveryFile gives the text, in ASCII with lines of at most 78 characters.
func writeRecoveryFile(account, slotID string, at time.Time, key *mfa.Secret) *mfa.Secret {
	text := make([]byte, 0, 4<<10) // never grows, so that no copy is left behind
	text = fmt.Appendf(text, `KEYFERRY RECOVERY FILE

Account:  %s
Made:     %s
File:     %s

What this is for
  Keyferry seals the secrets of this account (the seeds of authenticator apps
  and tokens, linked phones, recovery codes) with a key that this computer's
  secret store or your passphrase opens. If both are lost, this file opens
  them: choose it in Keyferry where it asks to unlock the secrets.
  It is no backup: it holds none of the account's data.

Keep it apart from this computer, on paper or on a stick in a safe place.
Whoever has it and a copy of the account's database can read its secrets.

The key
`, account, at.UTC().Format("2006-01-02 15:04 UTC"), slotID)
	for i := range keyLines {
		text = fmt.Appendf(text, "\n  %d   ", i+1)
		text = appendLine(text, i, key.Bytes()[i*lineKey:(i+1)*lineKey])
	}
	text = append(text, `

Typed by hand, capital or small letters, spaces and dashes do not matter.
`...)
	return mfa.NewSecret(text)
}

func appendLine(text []byte, number int, part []byte) []byte {
	var raw [lineKey + lineSum]byte
	copy(raw[:], part)
	copy(raw[lineKey:], checkLine(number, part))
	defer clear(raw[:])
	bits, n, chars := uint32(0), 0, 0
	for _, b := range raw {
		bits, n = bits<<8|uint32(b), n+8
		for n >= 5 {
			if chars > 0 && chars%4 == 0 {
				text = append(text, '-')
			}
			n -= 5
			text = append(text, alphabet[bits>>n&31])
			chars++
		}
	}
	return text
}

func checkLine(number int, part []byte) []byte {
	h := sha256.New()
	fmt.Fprintf(h, "keyferry recovery line %d ", number+1)
	h.Write(part)
	return h.Sum(nil)[:lineSum]
}

// readRecoveryFile finds the key in a text, however it was typed, wrapped or quoted.
// recovery-file-invalid with params why: unreadable (no key in it), line (params
// line, the first that is wrong or missing), other-account (params account).
func readRecoveryFile(account string, data []byte) (*mfa.Secret, error) {
	if len(data) > maxRecoveryFile {
		return nil, recoveryFile("unreadable")
	}
	var key [keySize]byte
	defer clear(key[:])
	var have [keyLines]bool
	seen := false
	for line := range bytes.Lines(data) {
		if other := accountIn(line); other != "" && other != account {
			return nil, recoveryFile("other-account", "account", other)
		}
		digits := digitsOf(line)
		// The number in front of a line may be there or not, and is not believed.
		// Several lines may have become one.
		number := 0
		if len(digits)%(lineChars+1) == 0 {
			number = 1
		}
		if len(digits)%(lineChars+number) != 0 {
			clear(digits)
			continue
		}
		for part := range slices.Chunk(digits, lineChars+number) {
			seen = true
			raw := decodeLine(part[number:])
			for i := range keyLines {
				if subtle.ConstantTimeCompare(checkLine(i, raw[:lineKey]), raw[lineKey:]) == 1 {
					copy(key[i*lineKey:], raw[:lineKey])
					have[i] = true
				}
			}
			clear(raw[:])
		}
		clear(digits)
	}
	if !seen {
		return nil, recoveryFile("unreadable")
	}
	for i, ok := range have {
		if !ok {
			return nil, recoveryFile("line", "line", fmt.Sprint(i+1))
		}
	}
	return mfa.NewSecret(key[:]), nil
}

// digitsOf gives the base32 values of a line that holds nothing else, or nil.
func digitsOf(line []byte) []byte {
	digits := make([]byte, 0, len(line))
	for _, c := range line {
		switch {
		case strings.IndexByte(" \t\r\n-_.:;,|>*", c) >= 0:
			continue
		case c >= 'a' && c <= 'z':
			c -= 'a' - 'A'
		}
		switch c {
		case 'I', 'L':
			c = '1'
		case 'O':
			c = '0'
		}
		v := strings.IndexByte(alphabet, c)
		if v < 0 {
			clear(digits)
			return nil
		}
		digits = append(digits, byte(v))
	}
	return digits
}

func decodeLine(digits []byte) (raw [lineKey + lineSum]byte) {
	bits, n, at := uint32(0), 0, 0
	for _, d := range digits {
		bits, n = bits<<5|uint32(d), n+5
		if n >= 8 {
			n -= 8
			raw[at] = byte(bits >> n)
			at++
		}
	}
	return raw
}

// accountIn gives the account that a line names, or "".
func accountIn(line []byte) string {
	name, value, found := bytes.Cut(bytes.TrimLeft(line, " \t>*"), []byte(":"))
	if !found || !bytes.EqualFold(bytes.TrimSpace(name), []byte("account")) {
		return ""
	}
	var id []byte
	for _, c := range value {
		switch {
		case c >= '0' && c <= '9':
			id = append(id, c)
		case c != ' ' && c != '-' && c != '\t' && c != '\r' && c != '\n':
			return ""
		}
	}
	if len(id) != 12 {
		return ""
	}
	return string(id)
}

func recoveryFile(why string, params ...string) error {
	return mfa.Fail(mfa.CodeRecoveryFile, append([]string{"why", why}, params...)...).Because(errors.New("vault: recovery file: " + why))
}
