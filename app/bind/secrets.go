package bind

import (
	"context"
	"io"
	"path/filepath"

	"github.com/keyferry/keyferry/backend/archive"
	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
)

// UnlockVault opens the vault with the passphrase; an empty one asks the system's
// secret store once more.
func (a *API) UnlockVault(req PassphraseRequest) (StateDTO, error) {
	passphrase := req.Passphrase.secret()
	defer passphrase.Wipe()
	return a.stated(func(ctx context.Context, b Backend) (desk.State, error) { return b.Unlock(ctx, passphrase) })
}

// UnlockVaultWithFile opens the vault with a recovery file that was chosen.
func (a *API) UnlockVaultWithFile(file string) (StateDTO, error) {
	return a.stated(func(ctx context.Context, b Backend) (desk.State, error) { return b.UnlockWithFile(ctx, file) })
}

// SetPassphrase sets the passphrase; an empty one leaves it to the system's store.
func (a *API) SetPassphrase(req PassphraseRequest) (StateDTO, error) {
	passphrase := req.Passphrase.secret()
	defer passphrase.Wipe()
	return a.stated(func(ctx context.Context, b Backend) (desk.State, error) { return b.SetPassphrase(ctx, passphrase) })
}

// RemoveSlot takes a way to the data key off.
func (a *API) RemoveSlot(id string) (StateDTO, error) {
	return a.stated(func(ctx context.Context, b Backend) (desk.State, error) { return b.RemoveSlot(ctx, id) })
}

// SaveRecoveryFile makes a recovery file where the person says.
func (a *API) SaveRecoveryFile(req SaveRequest) (SavedDTO, error) {
	return call(a, func(ctx context.Context, b Backend) (saved SavedDTO, err error) {
		var path string
		err = b.MakeRecoveryFile(ctx, func() (bool, error) {
			path, err = a.place(req.Title, req.Name)
			return path != "", err
		}, func(text *mfa.Secret) error {
			err := desk.Save(path, func(w io.Writer) error {
				_, err := w.Write(text.Bytes())
				return err
			})
			saved = SavedDTO{Saved: err == nil, Name: filepath.Base(path)}
			return err
		})
		return saved, err
	})
}

// Backup writes everything into one sealed file where the person says.
func (a *API) Backup(req BackupRequest) (SavedDTO, error) {
	passphrase := req.Passphrase.secret()
	defer passphrase.Wipe()
	return a.saves(mfa.OpBackUp, req.Title, req.Name, func(ctx context.Context, h *desk.House, who mfa.Session, path string) error {
		return desk.Replace(path, func(fresh string) error {
			_, err := h.Archive.Make(ctx, who, fresh, passphrase)
			return err
		})
	})
}

// RehearseBackup says what is in a backup that was chosen.
func (a *API) RehearseBackup(req RestoreRequest) (SummaryDTO, error) {
	passphrase := req.Passphrase.secret()
	defer passphrase.Wipe()
	return call(a, func(ctx context.Context, b Backend) (SummaryDTO, error) {
		s, err := b.RehearseBackup(ctx, req.File, passphrase)
		return summary(s), err
	})
}

// RestoreBackup puts a backup that was chosen in the place of the account.
func (a *API) RestoreBackup(req RestoreRequest) (StateDTO, error) {
	passphrase := req.Passphrase.secret()
	defer passphrase.Wipe()
	return a.stated(func(ctx context.Context, b Backend) (desk.State, error) {
		return b.RestoreBackup(ctx, req.File, passphrase, req.ReplaceOther)
	})
}

// PassphraseRequest is a passphrase of the vault.
type PassphraseRequest struct {
	Passphrase Password `json:"passphrase"`
}

// BackupRequest asks for a backup that Passphrase opens.
type BackupRequest struct {
	Title      string   `json:"title"`
	Name       string   `json:"name"`
	Passphrase Password `json:"passphrase"`
}

// RestoreRequest is a backup that was chosen, and what opens it.
type RestoreRequest struct {
	File         string   `json:"file"`
	Passphrase   Password `json:"passphrase"`
	ReplaceOther bool     `json:"replaceOther"`
}

// SummaryDTO is what is in a backup.
type SummaryDTO struct {
	Account string `json:"account"`
	Alias   string `json:"alias"`
	MadeAt  int64  `json:"madeAt"`
	Users   int    `json:"users"`
	Devices int    `json:"devices"`
	Events  int    `json:"events"`
	Sealed  int    `json:"sealed"`
}

func summary(s archive.Summary) SummaryDTO {
	return SummaryDTO{Account: s.Account, Alias: s.Alias, MadeAt: millis(s.MadeAt), Users: s.Users, Devices: s.Devices, Events: s.Events, Sealed: s.Sealed}
}
