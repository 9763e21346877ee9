package assembly

import (
	"context"
	"errors"
	"os"

	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/home"
	"github.com/keyferry/keyferry/backend/sqlite"
)

// Desk is the window's desk together with its data folder.
type Desk struct {
	*desk.Desk
	Home *home.Home
}

// OpenDesk takes the data folder and sits down at it: already-running,
// storage-denied. A database that cannot be opened is a state of the desk, not an
// error. Of c it needs no Sandbox: the person goes there and back.
func OpenDesk(ctx context.Context, c Config) (*Desk, error) {
	folder, err := openHome(c.Home)
	if err != nil {
		return nil, err
	}
	return &Desk{Desk: desk.Open(ctx, newDoors(folder, c), desk.SystemClock()), Home: folder}, nil
}

// Close ends what runs and gives the data folder back.
func (d *Desk) Close() error { return errors.Join(d.Desk.Close(), d.Home.Close()) }

// HasSandbox reports whether the sandbox was used before.
func (d doors) HasSandbox() bool {
	_, err := os.Stat(d.home.SandboxDatabase())
	return err == nil
}

// Backups lists the backups of a database, newest first.
func (d doors) Backups(sandbox bool) []string { return sqlite.Backups(d.database(sandbox)) }
