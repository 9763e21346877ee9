package assembly

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/home"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/phonesim"
	"github.com/keyferry/keyferry/backend/rules"
	"github.com/keyferry/keyferry/backend/sqlite"
	"github.com/keyferry/keyferry/backend/transport/ble"
	"github.com/keyferry/keyferry/backend/transport/hybrid"
)

// Config says which house to open.
type Config struct {
	Home    string // data folder; "" is home.DefaultDir
	Sandbox bool   // the evaluation sandbox of that folder
	// Radio (127.0.0.1:PORT) and Tunnel (ws://127.0.0.1:PORT) meet a simulated
	// phone in another process. In the sandbox only; elsewhere access-denied.
	Radio, Tunnel string
	Log           *slog.Logger
}

// House is an opened account together with its data folder.
type House struct {
	desk.House
	Home *home.Home
}

// Open takes the data folder and opens one account: already-running,
// storage-denied and the codes of sqlite.Open.
func Open(ctx context.Context, c Config) (*House, error) {
	if !c.Sandbox && (c.Radio != "" || c.Tunnel != "") {
		return nil, mfa.Fail(mfa.CodeAccessDenied)
	}
	folder, err := openHome(c.Home)
	if err != nil {
		return nil, err
	}
	d := doors{home: folder, log: logger(c.Log), radio: c.Radio, tunnel: c.Tunnel}
	h, err := d.Open(ctx, c.Sandbox, nil)
	if err != nil {
		return nil, errors.Join(err, folder.Close())
	}
	return &House{House: *h, Home: folder}, nil
}

// Close shuts the house and gives the data folder back.
func (h *House) Close() error { return errors.Join(h.Shut(), h.Home.Close()) }

func openHome(dir string) (*home.Home, error) {
	if dir == "" {
		var err error
		if dir, err = home.DefaultDir(); err != nil {
			return nil, err
		}
	}
	return home.Open(dir)
}

func logger(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l
}

// doors opens the houses of one data folder: see desk.Doors.
type doors struct {
	home          *home.Home
	log           *slog.Logger
	radio, tunnel string
}

func (d doors) database(sandbox bool) string {
	if sandbox {
		return d.home.SandboxDatabase()
	}
	return d.home.Database()
}

func (d doors) Open(ctx context.Context, isSandbox bool, phone func(phonesim.State)) (*desk.House, error) {
	store, err := sqlite.Open(ctx, d.database(isSandbox))
	if err != nil {
		return nil, err
	}
	if err := belongs(ctx, store, isSandbox); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	scanner, domain := ble.System(), hybrid.DomainURL(hybrid.PublicDomainURL)
	box := &sandbox{}
	if isSandbox {
		if box, err = openSandbox(d.radio, d.tunnel, d.home.Phone(), phone, d.log); err != nil {
			return nil, errors.Join(err, store.Close())
		}
		scanner, domain = box.scanner(), box.domain
	}
	way := newPhones(scanner, domain, d.log)
	accounts := account.New(account.Config{Store: store, Rules: rules.Builtin{Policies: store}, Clock: time.Now, Rand: rand.Reader, Cost: account.DefaultCost})
	ceremonies := ceremony.New(ceremony.Config{Store: store, Accounts: accounts, Phones: way, Clock: time.Now, Rand: rand.Reader, Log: d.log})
	return &desk.House{Sandbox: isSandbox, Store: store, Accounts: accounts, Ceremonies: ceremonies, Phone: box.phone,
		Shut: func() error {
			way.close()
			ceremonies.Close()
			if isSandbox {
				box.close()
			}
			return store.Close()
		}}, nil
}

// belongs refuses a database that was put into the other one's place: nothing
// simulated may serve a real account.
func belongs(ctx context.Context, store mfa.Store, isSandbox bool) error {
	a, err := store.Account(ctx)
	switch {
	case mfa.IsCode(err, mfa.CodeNoAccount):
		return nil
	case err != nil:
		return err
	case a.Sandbox != isSandbox:
		return mfa.Fail(mfa.CodeDatabaseForeign)
	}
	return nil
}
