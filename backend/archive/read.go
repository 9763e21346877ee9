package archive

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"

	"filippo.io/age"

	"github.com/keyferry/keyferry/backend/mfa"
)

// magic is the first line of every age file.
const magic = "age-encryption.org/v1\n"

// unpack puts the database of the backup at path into folder, and gives the data
// key, or nil. accept may refuse the manifest before anything big is read.
//
// file-unreadable, backup-unreadable (it is no backup), backup-passphrase-wrong,
// backup-damaged (it is cut or was changed), backup-newer, disk-full.
func unpack(ctx context.Context, path string, passphrase *mfa.Secret, folder string, accept func(manifest) error) (m manifest, key *mfa.Secret, err error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("archive: not a file") // opening a pipe would wait for ever
	}
	if err != nil {
		return m, nil, mfa.Fail(mfa.CodeFileUnreadable).Because(err)
	}
	f, err := os.Open(path)
	if err != nil {
		return m, nil, mfa.Fail(mfa.CodeFileUnreadable).Because(err)
	}
	defer f.Close()
	return unpackFrom(ctx, f, passphrase, folder, accept)
}

func unpackFrom(ctx context.Context, src io.Reader, passphrase *mfa.Secret, folder string, accept func(manifest) error) (m manifest, key *mfa.Secret, err error) {
	buffered := bufio.NewReaderSize(patient{ctx, src}, 1<<20)
	plain, err := decrypt(buffered, passphrase)
	if err != nil {
		return m, nil, stopped(ctx, err)
	}
	m, key, err = newReader(plain).all(folder, accept)
	if err != nil {
		key.Wipe()
		return m, nil, stopped(ctx, err)
	}
	return m, key, nil
}

// stopped puts the caller's own end before what it led to.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// decrypt opens the age file and proves its header.
func decrypt(r *bufio.Reader, passphrase *mfa.Secret) (io.Reader, error) {
	head, err := r.Peek(len(magic))
	if err != nil || string(head) != magic {
		return nil, unreadable(errors.New("archive: not an age file"))
	}
	// The string is age's wish; see seal.
	identity, err := age.NewScryptIdentity(string(passphrase.Bytes()))
	if err != nil {
		return nil, mfa.Fail(mfa.CodeBackupPassphrase).Because(err)
	}
	identity.SetMaxWorkFactor(maxWorkFactor)
	plain, err := age.Decrypt(r, identity)
	var other *age.NoIdentityMatchError
	switch {
	case err == nil:
		return plain, nil
	case errors.As(err, &other) && slices.Contains(other.StanzaTypes, "scrypt"):
		return nil, mfa.Fail(mfa.CodeBackupPassphrase).Because(err)
	case errors.As(err, &other):
		return nil, unreadable(err) // sealed for a key, by another program
	}
	return nil, damaged(err)
}

// reader reads the archive that is inside. Whatever goes wrong after the manifest is
// damage: who sealed the file sealed a backup.
type reader struct {
	tar    *tar.Reader
	source *blame
}

func newReader(plain io.Reader) reader {
	source := &blame{r: plain}
	return reader{tar: tar.NewReader(source), source: source}
}

func (r reader) all(folder string, accept func(manifest) error) (m manifest, key *mfa.Secret, err error) {
	size, err := r.next(manifestName)
	if err != nil {
		return m, nil, err
	}
	if size > maxManifest {
		return m, nil, unreadable(errors.New("archive: the manifest is too large"))
	}
	head, err := io.ReadAll(r.tar)
	if err != nil {
		return m, nil, damaged(err)
	}
	if m, err = readManifest(head); err != nil {
		return m, nil, err
	}
	if err := accept(m); err != nil {
		return m, nil, err
	}
	for _, p := range m.Members {
		size, err := r.next(p.Name)
		if err != nil {
			return m, key, damaged(err)
		}
		if size != p.Size {
			return m, key, damaged(errors.New("archive: a member has another size than the manifest says"))
		}
		sum := sha256.New()
		from := io.TeeReader(r.tar, sum)
		if p.Name == keyName {
			key, err = readKey(from)
		} else {
			err = r.extract(filepath.Join(folder, databaseName), from)
		}
		if err != nil {
			return m, key, err
		}
		if subtle.ConstantTimeCompare(sum.Sum(nil), p.SHA256) != 1 {
			return m, key, damaged(errors.New("archive: a member is not what the manifest says"))
		}
	}
	return m, key, r.end()
}

// next goes to the member that must come now. Its name is compared and never used.
func (r reader) next(name string) (int64, error) {
	h, err := r.tar.Next()
	if err != nil {
		if r.source.err != nil { // a payload that was cut, or changed
			return 0, damaged(err)
		}
		return 0, unreadable(errors.New("archive: a member is missing"))
	}
	if h.Name != name || h.Typeflag != tar.TypeReg || h.Format != tar.FormatUSTAR || h.Size < 0 {
		return 0, unreadable(errors.New("archive: a member that does not belong here"))
	}
	return h.Size, nil
}

// end demands that nothing follows, and reads to where the last piece is proven.
func (r reader) end() error {
	if _, err := r.tar.Next(); !errors.Is(err, io.EOF) {
		return damaged(errors.New("archive: there is more in it than there should be"))
	}
	n, err := io.Copy(io.Discard, io.LimitReader(r.source, 1<<20))
	if err != nil {
		return damaged(err)
	}
	if n > 0 {
		return damaged(errors.New("archive: something follows the archive"))
	}
	return nil
}

func readKey(r io.Reader) (*mfa.Secret, error) {
	b := make([]byte, keySize)
	if _, err := io.ReadFull(r, b); err != nil {
		clear(b)
		return nil, damaged(err)
	}
	return mfa.NewSecret(b), nil
}

// extract keeps reading and writing apart: the one means damage, the other the disk.
func (r reader) extract(path string, from io.Reader) error {
	source := &blame{r: from}
	err := write(path, source)
	if err != nil && source.err != nil {
		return damaged(source.err)
	}
	return failed(err)
}

// blame remembers that it was reading that failed.
type blame struct {
	r   io.Reader
	err error
}

func (b *blame) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}
