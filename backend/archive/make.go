package archive

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Gate decides who may; *account.Service is one.
type Gate interface {
	May(ctx context.Context, who mfa.Session, op mfa.Operation, targetID string) (account.Acting, error)
}

var _ Gate = (*account.Service)(nil)

// Config is what backups of one account are made of.
type Config struct {
	Store    mfa.Store
	Accounts Gate
	// Snapshot writes a copy of the database into a new file.
	Snapshot func(ctx context.Context, path string) error
	// Key gives a copy of the vault's data key; vault-locked with state unset when
	// there is none yet.
	Key     func() (*mfa.Secret, error)
	Sandbox bool
	Version string // of the app
	Clock   func() time.Time
	// Folder is where the copy lies while it is packed: the data folder, whose doors
	// are closed already. Empty: the system's folder for such files.
	Folder string
	// WorkFactor is scrypt's, as a power of two; 0 is right outside of tests.
	WorkFactor int
}

// Service makes backups.
type Service struct{ c Config }

// New makes the service.
func New(c Config) *Service {
	if c.WorkFactor == 0 {
		c.WorkFactor = workFactor
	}
	return &Service{c}
}

// Make writes a backup to path, which must not exist, and the event. The file gets
// its name when it is whole and on the disk; otherwise nothing is left.
//
// passphrase-too-short (params: min), file-exists, vault-locked, storage-denied,
// disk-full, storage-failed, and the codes of account.May.
func (s *Service) Make(ctx context.Context, who mfa.Session, path string, passphrase *mfa.Secret) (_ Summary, err error) {
	acting, err := s.c.Accounts.May(ctx, who, mfa.OpBackUp, "")
	if err != nil {
		return Summary{}, err
	}
	if err := checkPassphrase(passphrase); err != nil {
		return Summary{}, err
	}
	if _, err := os.Lstat(path); err == nil {
		return Summary{}, mfa.Fail(mfa.CodeFileExists)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return Summary{}, failed(err)
	}
	key, err := s.key()
	if err != nil {
		return Summary{}, err
	}
	defer key.Wipe()
	m := manifest{Format: Format, App: s.c.Version, Account: acting.Account.ID, Alias: acting.Account.Alias,
		MadeAt: s.c.Clock().UTC().Truncate(time.Second), Sandbox: s.c.Sandbox}
	found, err := count(ctx, s.c.Store, nil)
	if err != nil {
		return Summary{}, err
	}
	m.Users, m.Devices, m.Events, m.Sealed = found.users, found.devices, found.events, found.sealed

	folder, err := os.MkdirTemp(s.c.Folder, makeFolder)
	if err != nil {
		return Summary{}, failed(err)
	}
	defer os.RemoveAll(folder)
	database := filepath.Join(folder, databaseName)
	if err := s.c.Snapshot(ctx, database); err != nil {
		return Summary{}, err
	}
	if err := s.seal(ctx, path, m, key, database, passphrase); err != nil {
		return Summary{}, failed(err)
	}
	event := mfa.Event{At: s.c.Clock(), Kind: mfa.EventBackupMade, PrincipalID: acting.Caller.ID, Detail: map[string]string{
		"users": fmt.Sprint(m.Users), "devices": fmt.Sprint(m.Devices)}}
	if err := s.c.Store.AddEvent(context.WithoutCancel(ctx), event); err != nil {
		os.Remove(path) // a copy of the account that nobody would know of
		return Summary{}, err
	}
	return m.summary(), nil
}

// key gives the data key, or nil while the account has none.
func (s *Service) key() (*mfa.Secret, error) {
	key, err := s.c.Key()
	if mfa.IsCode(err, mfa.CodeVaultLocked) && mfa.AsFailure(err).Params["state"] == "unset" {
		return nil, nil
	}
	if err == nil && key.Len() != keySize {
		key.Wipe()
		return nil, mfa.Fail(mfa.CodeVaultDamaged)
	}
	return key, err
}

// seal packs into a file beside path and gives it the name.
func (s *Service) seal(ctx context.Context, path string, m manifest, key *mfa.Secret, database string, passphrase *mfa.Secret) (err error) {
	sweepOld(filepath.Dir(path), false, partFile)
	f, err := os.CreateTemp(filepath.Dir(path), partFile) // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // also its first name, when it has got its own
	defer f.Close()
	buffered := bufio.NewWriterSize(f, 1<<20)
	// age wants a string, which cannot be wiped: a copy of the passphrase stays until
	// the garbage collector takes it.
	recipient, err := age.NewScryptRecipient(string(passphrase.Bytes()))
	if err != nil {
		return err
	}
	recipient.SetWorkFactor(s.c.WorkFactor)
	sealed, err := age.Encrypt(buffered, recipient)
	if err != nil {
		return err
	}
	if err := pack(ctx, sealed, m, key, database); err != nil {
		return err
	}
	for _, finish := range []func() error{sealed.Close, buffered.Flush, f.Sync, f.Close, ctx.Err} {
		if err := finish(); err != nil {
			return err
		}
	}
	return publish(f.Name(), path)
}

// pack writes the archive; it reads the database twice, because its hash stands in
// front of it.
func pack(ctx context.Context, w io.Writer, m manifest, key *mfa.Secret, database string) error {
	if key != nil {
		sum := sha256.Sum256(key.Bytes())
		m.Members = append(m.Members, member{keyName, keySize, sum[:]})
	}
	f, err := os.Open(database)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	size, err := io.Copy(h, patient{ctx, f})
	if err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	m.Members = append(m.Members, member{databaseName, size, h.Sum(nil)})
	head, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	t := tar.NewWriter(w)
	add := func(name string, size int64, r io.Reader) error {
		err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: m.MadeAt, Format: tar.FormatUSTAR})
		if err == nil {
			_, err = io.Copy(t, r)
		}
		return err
	}
	if err := add(manifestName, int64(len(head)), bytes.NewReader(head)); err != nil {
		return err
	}
	if key != nil {
		if err := add(keyName, keySize, bytes.NewReader(key.Bytes())); err != nil {
			return err
		}
	}
	if err := add(databaseName, size, patient{ctx, f}); err != nil {
		return err
	}
	return t.Close()
}
