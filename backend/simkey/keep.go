package simkey

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"

	"github.com/keyferry/keyferry/backend/mfa"
)

// memory is what is in the drawer: one key of each model that was ever used. It is
// as secret as keys are, therefore the file has mode 0600.
type memory struct {
	Version int              `json:"version"`
	Model   Model            `json:"model"`
	Plugged bool             `json:"plugged"`
	Issuer  []byte           `json:"issuer,omitempty"` // as virtualauth exports it; nil when one was given
	Keys    map[Model][]byte `json:"keys"`             // as virtualauth exports them
}

const (
	memoryVersion = 1
	maxMemory     = 8 << 20 // bytes of the file
)

func (m *memory) wipe() {
	clear(m.Issuer)
	for kept := range maps.Values(m.Keys) {
		clear(kept)
	}
	m.Issuer, m.Keys = nil, nil
}

// recall reads the memory, or makes a fresh one when there is no file.
func recall(path string, model Model) (memory, error) {
	fresh := memory{Version: memoryVersion, Model: model, Keys: map[Model][]byte{}}
	if path == "" {
		return fresh, nil
	}
	f, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fresh, nil
	case err != nil:
		return memory{}, stored(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxMemory+1))
	if err != nil {
		return memory{}, stored(err)
	}
	defer clear(data)
	var m memory
	if err := json.Unmarshal(data, &m); err != nil || len(data) > maxMemory || m.Version != memoryVersion || m.Model.check() != nil {
		return memory{}, mfa.Fail(mfa.CodeDatabaseDamaged).Because(errors.New("simkey: not a key's memory"))
	}
	if m.Keys == nil {
		m.Keys = map[Model][]byte{}
	}
	return m, nil
}

// rememberKey takes over what the key in use exported, if it is something new.
func (k *Key) rememberKey(exported []byte) error {
	k.mu.Lock()
	model := k.state.Model
	known := k.closed || !k.unkept && bytes.Equal(k.memory.Keys[model], exported)
	k.mu.Unlock()
	if known {
		clear(exported)
		return nil
	}
	return k.remember(func(m *memory) {
		clear(m.Keys[model])
		m.Keys[model] = exported
	})
}

// remember changes the memory and writes the file.
func (k *Key) remember(change func(*memory)) error {
	k.saving.Lock() // an older state must not be written over a newer one
	defer k.saving.Unlock()
	k.mu.Lock()
	change(&k.memory)
	data, err := json.Marshal(k.memory)
	k.mu.Unlock()
	defer clear(data)
	if err != nil {
		return mfa.Fail(mfa.CodeInternal).Because(err)
	}
	if k.c.Path == "" {
		return nil
	}
	err = replace(k.c.Path, data)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.unkept = err != nil
	return err
}

// replace writes a file of mode 0600 in one step.
func replace(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err == nil {
		_, err = f.Write(data)
		if err == nil {
			err = f.Sync()
		}
		err = errors.Join(err, f.Close())
		if err == nil {
			err = os.Rename(f.Name(), path)
		}
		if err != nil {
			os.Remove(f.Name())
		}
	}
	return stored(err)
}

// stored says what a failed file operation means.
func stored(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrPermission):
		return mfa.Fail(mfa.CodeStorageDenied).Because(err)
	default:
		return mfa.Fail(mfa.CodeStorageFailed).Because(err)
	}
}
