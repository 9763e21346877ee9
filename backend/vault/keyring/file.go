package keyring

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/keyferry/keyferry/backend/mfa"
)

// maxFile bounds the file: a hundred entries have about 10 KiB.
const maxFile = 256 << 10

// FileStore keeps keys in a file of mode 0600 beside the sandbox's database. It
// protects nothing against somebody who can read the folder, because key and lock lie
// side by side; it is there so that the sandbox neither needs nor touches the person's
// own secret store. Never use it for a real account.
//
// All methods fail with secret-store-locked when the file cannot be read or written,
// and with vault-damaged when it is no such file; then it is left as it is.
type FileStore struct {
	path string
	mu   sync.Mutex
}

// File is the store in the file at path, which need not exist yet.
func File(path string) *FileStore { return &FileStore{path: path} }

// Name says what it is.
func (f *FileStore) Name() string { return "Sandbox file" }

// Get gives an entry. not-found.
func (f *FileStore) Get(ctx context.Context, account string) (*mfa.Secret, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	entries, err := f.read(ctx)
	if err != nil {
		return nil, err
	}
	defer wipe(entries)
	key, ok := entries[account]
	if !ok {
		return nil, notFound()
	}
	return mfa.NewSecret(key), nil
}

// Set keeps an entry.
func (f *FileStore) Set(ctx context.Context, account string, key *mfa.Secret) error {
	if err := checkKey(key); err != nil {
		return err
	}
	return f.change(ctx, func(entries map[string][]byte) error {
		entries[account] = append([]byte(nil), key.Bytes()...)
		return nil
	})
}

// Delete forgets an entry. not-found.
func (f *FileStore) Delete(ctx context.Context, account string) error {
	return f.change(ctx, func(entries map[string][]byte) error {
		key, ok := entries[account]
		if !ok {
			return notFound()
		}
		clear(key)
		delete(entries, account)
		return nil
	})
}

// Unlock has nobody to ask.
func (f *FileStore) Unlock(ctx context.Context) error { return ctx.Err() }

func (f *FileStore) read(ctx context.Context) (map[string][]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string][]byte{}, nil
	}
	if err != nil {
		return nil, isLocked(err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	defer clear(data)
	if err != nil {
		return nil, isLocked(err)
	}
	entries := map[string][]byte{}
	// The decoder's error would quote what stands in the file.
	if len(data) > maxFile || json.Unmarshal(data, &entries) != nil || entries == nil {
		wipe(entries)
		return nil, mfa.Fail(mfa.CodeVaultDamaged).Because(errAnswer)
	}
	return entries, nil
}

// change writes another file and gives it the name: at no moment is there half a file.
func (f *FileStore) change(ctx context.Context, what func(map[string][]byte) error) (err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	entries, err := f.read(ctx)
	if err != nil {
		return err
	}
	defer wipe(entries)
	if err := what(entries); err != nil {
		return err
	}
	data, err := json.Marshal(entries)
	defer clear(data)
	if err != nil {
		return err
	}
	part, err := os.CreateTemp(filepath.Dir(f.path), filepath.Base(f.path)+".*.part") // mode 0600
	if err != nil {
		return isLocked(err)
	}
	_, err = part.Write(data)
	err = errors.Join(err, part.Sync(), part.Close())
	if err == nil {
		err = os.Rename(part.Name(), f.path)
	}
	if err != nil {
		_ = os.Remove(part.Name())
		return isLocked(err)
	}
	return nil
}

func wipe(entries map[string][]byte) {
	for _, key := range entries {
		clear(key)
	}
}
