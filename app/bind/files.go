package bind

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
)

// ChooseFile opens the system's dialog; null when the person closed it. The page gets
// a name for the file, never its path.
func (a *API) ChooseFile(title string) (*FileDTO, error) {
	return call(a, func(_ context.Context, b Backend) (*FileDTO, error) {
		path, err := a.c.Dialogs.OpenFile(bounded(title))
		if err != nil || path == "" {
			return nil, err
		}
		f, err := b.Choose(path)
		if err != nil {
			return nil, err
		}
		dto := file(f)
		return &dto, nil
	})
}

// saves asks for a place and lets do write there. Whoever may not do op is not asked;
// who was locked out while the dialog was open is signed in no more.
func (a *API) saves(op mfa.Operation, title, name string, do func(ctx context.Context, h *desk.House, who mfa.Session, path string) error) (SavedDTO, error) {
	return call(a, func(ctx context.Context, b Backend) (SavedDTO, error) {
		path, err := as(ctx, b, func(ctx context.Context, h *desk.House, who mfa.Session) (string, error) {
			if _, err := h.Accounts.May(ctx, who, op, ""); err != nil {
				return "", err
			}
			return a.place(title, name)
		})
		if err != nil || path == "" {
			return SavedDTO{}, err
		}
		return as(ctx, b, func(ctx context.Context, h *desk.House, who mfa.Session) (SavedDTO, error) {
			if err := do(ctx, h, who, path); err != nil {
				return SavedDTO{}, err
			}
			return SavedDTO{Saved: true, Name: filepath.Base(path)}, nil
		})
	})
}

// place opens the system's dialog for saving; "" when the person closed it.
func (a *API) place(title, name string) (string, error) {
	return a.c.Dialogs.SaveFile(bounded(title), filepath.Base(bounded(name)))
}

// bounded keeps what the page writes into a window of the system short and on one line.
func bounded(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
	return string([]rune(s)[:min(len([]rune(s)), 200)])
}

// FileDTO is a file that the person chose or dropped.
type FileDTO struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Size int64  `json:"size"`
}

// SavedDTO says whether something was saved, and under which name.
type SavedDTO struct {
	Saved bool   `json:"saved"`
	Name  string `json:"name"`
}

// SaveRequest asks for a place; Title and Name are words of the page.
type SaveRequest struct {
	Title string `json:"title"`
	Name  string `json:"name"`
}

func file(f desk.File) FileDTO { return FileDTO(f) }
