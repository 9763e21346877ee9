package assembly

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"runtime"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/activity"
	"github.com/keyferry/keyferry/backend/admission"
	"github.com/keyferry/keyferry/backend/archive"
	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/devices"
	"github.com/keyferry/keyferry/backend/home"
	"github.com/keyferry/keyferry/backend/keys"
	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/metadata"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/platform/tpm"
	"github.com/keyferry/keyferry/backend/policies"
	"github.com/keyferry/keyferry/backend/readiness"
	"github.com/keyferry/keyferry/backend/recovery"
	"github.com/keyferry/keyferry/backend/report"
	"github.com/keyferry/keyferry/backend/rules"
	"github.com/keyferry/keyferry/backend/sqlite"
	"github.com/keyferry/keyferry/backend/stock"
	"github.com/keyferry/keyferry/backend/transport/hybrid"
	"github.com/keyferry/keyferry/backend/vault"
	"github.com/keyferry/keyferry/backend/vault/keyring"
)

// Config says which house to open, and with what.
type Config struct {
	Home    string // data folder; "" is home.DefaultDir
	Sandbox bool   // the evaluation sandbox of that folder
	// Radio (127.0.0.1:PORT) and Tunnel (ws://127.0.0.1:PORT) meet a simulated
	// phone in another process. In the sandbox only; elsewhere access-denied.
	Radio, Tunnel string
	// Told hears what the sandbox's own devices show, from Open on. OpenDesk tells its
	// desk instead.
	Told desk.Simulated
	// Secrets keeps the data key of a real account; nil is the system's store. The
	// sandbox always has a file of its own, so that trying the app out leaves nothing
	// in the person's store.
	Secrets vault.System
	Version string // of the app, for backups
	// Cheap makes what slows guessing down cost next to nothing. For tests only: no flag
	// leads here.
	Cheap bool
	// Metadata is another service than FIDO's. For tests only: no flag leads here.
	Metadata *MetadataService
	// TPM is another than this computer's. For tests only: no flag leads here, and no
	// variable either. Whoever chooses the TPM chooses who counts wrong PINs, and sees
	// the keys that it makes.
	TPM tpm.Device
	Log *slog.Logger
}

// tpm opens the TPM that is meant; nil where passkeys are the system's affair.
func (c Config) tpm() tpm.Device {
	switch {
	case c.TPM != nil:
		return c.TPM
	case runtime.GOOS == "linux":
		return tpm.SystemDevice
	}
	return nil
}

// MetadataService is where metadata comes from, and what it is held against.
type MetadataService struct {
	Anchors mds.Anchors
	Address string
}

func (d doors) metadata() MetadataService {
	if d.Metadata != nil {
		return *d.Metadata
	}
	return MetadataService{mds.FIDO(), metadata.Address}
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
	h, err := newDoors(folder, c).Open(ctx, c.Sandbox, c.Told)
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
	folder, err := home.Open(dir)
	if err != nil {
		return nil, err
	}
	archive.Sweep(folder.Dir(), folder.Database(), folder.SandboxDatabase()) // the lock says that nobody works there
	return folder, nil
}

func logger(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l
}

// doors opens the houses of one data folder: see desk.Doors.
type doors struct {
	Config
	home  *home.Home
	waits map[bool]*account.Waits // by sandbox: they outlive the houses
}

func newDoors(folder *home.Home, c Config) doors {
	c.Log = logger(c.Log)
	return doors{Config: c, home: folder, waits: map[bool]*account.Waits{false: account.NewWaits(), true: account.NewWaits()}}
}

func (d doors) database(sandbox bool) string {
	if sandbox {
		return d.home.SandboxDatabase()
	}
	return d.home.Database()
}

func (d doors) checkpoints(sandbox bool) string {
	if sandbox {
		return d.home.SandboxCheckpoints()
	}
	return d.home.Checkpoints()
}

func (d doors) secrets(sandbox bool) vault.System {
	switch {
	case sandbox:
		return keyring.File(d.home.SandboxKeys())
	case d.Secrets != nil:
		return d.Secrets
	}
	return keyring.System()
}

func (d doors) Open(ctx context.Context, isSandbox bool, told desk.Simulated) (*desk.House, error) {
	store, err := sqlite.Open(ctx, d.database(isSandbox))
	if err != nil {
		return nil, err
	}
	v, err := d.openVault(ctx, store, isSandbox)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	box, domain := &sandbox{}, hybrid.DomainURL(hybrid.PublicDomainURL)
	var here machine
	if isSandbox {
		if box, err = openSandbox(d.Radio, d.Tunnel, d.home, told, d.Log); err != nil {
			v.Close()
			return nil, errors.Join(err, store.Close())
		}
		here, domain = box.machine(), box.domain
	} else {
		here = thisMachine()
	}
	here.tpm = d.tpm()
	way := newPhones(here.radio, domain, d.Log)
	held := keys.New(keys.Config{Buses: here.buses, Computer: here.ownBus(store)})
	h := d.furnish(store, v, here.roads(way, held, store), isSandbox)
	h.Phone, h.SimKey, h.Keys = box.phone, box.key, held
	ready := here.readiness(store)
	ready.Vault = func(context.Context) error {
		s := v.State()
		if s.Status == vault.Open || s.Status == vault.Unset && s.Store == "" { // the first secret makes one
			return nil
		}
		return mfa.Fail(mfa.CodeVaultLocked, "state", string(s.Status))
	}
	if !isSandbox {
		ready.Hosts = hybrid.Hosts()
	}
	h.Readiness = readiness.New(ready)
	h.Shut = func() error {
		held.Close()
		way.close()
		h.Ceremonies.Close()
		if isSandbox {
			box.close()
		}
		v.Close()
		return store.Close()
	}
	return h, nil
}

// furnish puts the use cases over a store.
func (d doors) furnish(store *sqlite.Store, v *vault.Vault, roads ceremony.Roads, isSandbox bool) *desk.House {
	access := rules.New(store, time.Now)
	watch := policies.NewWatch(store, access)
	accounts := account.New(account.Config{Store: store, Rules: access, Clock: time.Now, Rand: rand.Reader, Cost: d.hashing(),
		Waits: d.waits[isSandbox], Managed: watch})
	owned := devices.New(devices.Config{Store: store, Accounts: accounts, Clock: time.Now})
	printed := recovery.New(recovery.Config{Store: store, Accounts: accounts, Vault: v, Clock: time.Now, Rand: rand.Reader})
	service := d.metadata()
	blobs := metadata.New(metadata.Config{Store: store, Accounts: accounts, Anchors: service.Anchors, Address: service.Address, Clock: time.Now})
	answers := admission.New(admission.Config{Store: store, Accounts: accounts, Rules: access, Metadata: blobs, System: runtime.GOOS, Clock: time.Now})
	return &desk.House{
		Sandbox: isSandbox, Store: store, Vault: v, Accounts: accounts, Devices: owned, Recovery: printed,
		Ceremonies: ceremony.New(ceremony.Config{Store: store, Accounts: accounts, Roads: roads, Vault: v, Recovery: printed, Devices: owned, Metadata: blobs, Admission: answers, System: runtime.GOOS,
			Clock: time.Now, Rand: rand.Reader, Log: d.Log}),
		Stock:    stock.New(stock.Config{Store: store, Accounts: accounts, Vault: v, Clock: time.Now}),
		Metadata: blobs, Admission: answers,
		Policies: policies.New(policies.Config{Store: store, Accounts: accounts, Rules: access, Watch: watch, Clock: time.Now}),
		Report:   report.New(report.Config{Store: store, Accounts: accounts, Clock: time.Now}),
		Activity: activity.New(activity.Config{Store: store, Accounts: accounts, Checkpoints: d.checkpoints(isSandbox), Clock: time.Now}),
		Archive: archive.New(archive.Config{Store: store, Accounts: accounts, Snapshot: store.Snapshot, Key: v.Key, Sandbox: isSandbox,
			Version: d.Version, Clock: time.Now, Folder: d.home.Dir(), WorkFactor: d.workFactor()}),
	}
}

func (d doors) hashing() account.Cost {
	if d.Cheap {
		return account.Cost{Time: 1, MemoryKiB: 64, Threads: 1}
	}
	return account.DefaultCost
}

func (d doors) workFactor() int {
	if d.Cheap {
		return 10
	}
	return 0 // archive's own
}

// openVault opens the vault of the account, if there is one. A database that was put
// into the other one's place is refused: nothing simulated may serve a real account.
func (d doors) openVault(ctx context.Context, store mfa.Store, isSandbox bool) (*vault.Vault, error) {
	v := vault.New(vault.Config{Store: store, System: d.secrets(isSandbox), Clock: time.Now, Rand: rand.Reader, Cost: vault.Cost(d.hashing())})
	a, err := store.Account(ctx)
	switch {
	case mfa.IsCode(err, mfa.CodeNoAccount):
		return v, nil
	case err != nil:
		return nil, err
	case a.Sandbox != isSandbox:
		return nil, mfa.Fail(mfa.CodeDatabaseForeign)
	}
	return v, v.Start(ctx, a.ID)
}
