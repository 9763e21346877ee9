package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Format is the version of what is inside the file.
const Format = 1

// MinPassphrase is the least number of characters of a backup's passphrase.
const MinPassphrase = 10

// Members of the archive.
const (
	manifestName = "manifest.json"
	keyName      = "data.key"
	databaseName = "keyferry.db"
)

const (
	keySize       = 32
	maxPassphrase = 1024
	maxManifest   = 64 << 10
	// maxDatabase is where USTAR's size field ends.
	maxDatabase = 8<<30 - 1
	// workFactor is age's own: 2^18 rounds, about a second and 256 MiB.
	workFactor = 18
	// maxWorkFactor bounds what a file can make us spend: 512 MiB.
	maxWorkFactor = 19
)

// Summary is what a backup holds.
type Summary struct {
	Account string // 12 digits
	Alias   string
	MadeAt  time.Time
	Users   int // besides root
	Devices int // assigned and not
	Events  int
	Sealed  int // secrets that the data key opens
	Sandbox bool
}

// manifest is the first member. Its counts are of about the moment of the copy and
// are for people; what is checked is what the members hold.
type manifest struct {
	Format  int       `json:"format"`
	App     string    `json:"app"`
	Account string    `json:"account"`
	Alias   string    `json:"alias"`
	MadeAt  time.Time `json:"made_at"`
	Sandbox bool      `json:"sandbox"`
	Users   int       `json:"users"`
	Devices int       `json:"devices"`
	Events  int       `json:"events"`
	Sealed  int       `json:"sealed"`
	Members []member  `json:"members"`
}

type member struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 []byte `json:"sha256"` // base64
}

// readManifest checks what it reads, the version first. backup-newer,
// backup-unreadable.
func readManifest(data []byte) (manifest, error) {
	var m manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return manifest{}, unreadable(errors.New("archive: the manifest is no JSON"))
	}
	if m.Format > Format {
		return manifest{}, mfa.Fail(mfa.CodeBackupNewer)
	}
	sane := m.Format == Format && isAccountID(m.Account) && len(m.Alias) <= 128 && utf8.ValidString(m.Alias) && m.saneMembers()
	if !sane {
		return manifest{}, unreadable(errors.New("archive: the manifest makes no sense"))
	}
	return m, nil
}

func (m manifest) saneMembers() bool {
	names := []string{keyName, databaseName}
	if len(m.Members) == 1 {
		names = names[1:]
	}
	if len(m.Members) != len(names) {
		return false
	}
	for i, p := range m.Members {
		if p.Name != names[i] || len(p.SHA256) != 32 || p.Size < 1 || p.Size > maxDatabase || p.Name == keyName && p.Size != keySize {
			return false
		}
	}
	return true
}

func (m manifest) summary() Summary {
	return Summary{Account: m.Account, Alias: m.Alias, MadeAt: m.MadeAt, Users: m.Users, Devices: m.Devices,
		Events: m.Events, Sealed: m.Sealed, Sandbox: m.Sandbox}
}

func isAccountID(id string) bool {
	for _, c := range id {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(id) == 12
}

func checkPassphrase(p *mfa.Secret) error {
	switch {
	case utf8.RuneCount(p.Bytes()) < MinPassphrase:
		return mfa.Fail(mfa.CodePassphraseShort, "min", fmt.Sprint(MinPassphrase))
	case p.Len() > maxPassphrase:
		return mfa.Fail(mfa.CodeInvalidInput, "field", "passphrase")
	}
	return nil
}
