package main

import (
	"context"
	"errors"
	"flag"
	"io/fs"
	"net"
	"net/url"
	"os"
	"strconv"
	"syscall"

	"github.com/keyferry/keyferry/backend/assembly"
	"github.com/keyferry/keyferry/backend/home"
	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/vault"
)

// houseFlags say which account is opened. The simulated radio and relay are for
// sandbox accounts only: nothing simulated can enter a real account, and nothing
// on a command line can redirect one.
type houseFlags struct {
	sandbox bool
	radio   string
	tunnel  string
	vault   vaultFlags
	hand    *hand // of the sandbox's security key; nil: nobody touches it
}

func (h *houseFlags) flags(fs *flag.FlagSet) {
	fs.BoolVar(&h.sandbox, "sandbox", false, "use the evaluation sandbox of the data folder, not the real account")
	h.vault.flags(fs)
}

// simulationFlags are for the commands that meet a phone.
func (h *houseFlags) simulationFlags(fs *flag.FlagSet) {
	fs.StringVar(&h.radio, "radio", "", sandboxOnly+"loopback radio at `127.0.0.1:PORT`")
	fs.StringVar(&h.tunnel, "tunnel", "", sandboxOnly+"tunnel server at `ws://127.0.0.1:PORT`")
}

// check refuses what could lead out of the sandbox or into the real account.
func (h *houseFlags) check() error {
	if (h.radio != "" || h.tunnel != "") && !h.sandbox {
		return mfa.Fail(mfa.CodeAccessDenied, "needs", "--sandbox")
	}
	if (h.radio == "") != (h.tunnel == "") {
		return usage("--radio and --tunnel belong together")
	}
	if h.radio == "" {
		return nil
	}
	if err := loopback("radio", h.radio); err != nil {
		return err
	}
	return loopbackURL(h.tunnel)
}

// loopback accepts IP:PORT of this machine only.
func loopback(field, address string) error {
	host, port, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	if n, perr := strconv.Atoi(port); err != nil || perr != nil || n < 0 || n > 65535 || ip == nil || !ip.IsLoopback() {
		return mfa.Fail(mfa.CodeInvalidInput, "field", field)
	}
	return nil
}

func loopbackURL(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "ws" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return mfa.Fail(mfa.CodeInvalidInput, "field", "tunnel")
	}
	return loopback("tunnel", u.Host)
}

// settle chooses the sandbox by itself where the data folder has an account
// there and none in the real place, so that --sandbox need not be repeated. It fails
// with no-account where there is no folder or no database: looking for an account
// makes neither.
func (h *houseFlags) settle(ctx context.Context, t *terminal, g *globals) error {
	dir, err := dataFolder(g)
	if err != nil {
		return err
	}
	if absent(dir) {
		return mfa.Fail(mfa.CodeNoAccount)
	}
	if err := h.choose(ctx, t, g); err != nil {
		return err
	}
	folder, err := openFolder(g)
	if err != nil {
		return err
	}
	database := folder.Database()
	if h.sandbox {
		database = folder.SandboxDatabase()
	}
	if err := folder.Close(); err != nil {
		return err
	}
	if absent(database) {
		return mfa.Fail(mfa.CodeNoAccount)
	}
	return nil
}

// absent is stricter than !exists: what may not be looked at is no reason to say that
// there is nothing.
func absent(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// choose is settle for a folder that need not have an account yet.
func (h *houseFlags) choose(ctx context.Context, t *terminal, g *globals) error {
	if h.sandbox {
		return nil
	}
	folder, err := openFolder(g)
	if err != nil {
		return err
	}
	inSandbox, inReal := exists(folder.SandboxDatabase()), exists(folder.Database())
	if err := folder.Close(); err != nil || !inSandbox {
		return err
	}
	if inReal {
		house, err := (&houseFlags{}).open(ctx, t, g)
		if err != nil {
			return err
		}
		defer house.Close()
		if _, err := house.Accounts.Account(ctx); !mfa.IsCode(err, mfa.CodeNoAccount) {
			return err
		}
	}
	h.sandbox = true
	return nil
}

// dataFolder is the folder of --home, or the person's own. It fails with
// invalid-input (field home) where there is a file.
func dataFolder(g *globals) (string, error) {
	if g.home == "" {
		return home.DefaultDir()
	}
	info, err := os.Stat(g.home)
	if errors.Is(err, syscall.ENOTDIR) || err == nil && !info.IsDir() {
		return "", mfa.Fail(mfa.CodeInvalidInput, "field", "home").Because(err)
	}
	return g.home, nil
}

func openFolder(g *globals) (*home.Home, error) {
	dir, err := dataFolder(g)
	if err != nil {
		return nil, err
	}
	return home.Open(dir)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// open opens the account's house. The caller closes it.
func (h *houseFlags) open(ctx context.Context, t *terminal, g *globals) (*assembly.House, error) {
	if err := h.check(); err != nil {
		return nil, err
	}
	folder, err := openFolder(g)
	if err != nil {
		return nil, err
	}
	t.database = folder.Database()
	if h.sandbox {
		t.database = folder.SandboxDatabase()
	}
	if err := folder.Close(); err != nil {
		return nil, err
	}
	house, err := assembly.Open(ctx, h.config(g))
	if err != nil {
		return nil, err
	}
	// Signing in at the window sweeps apps that nobody has, as IAM's console does. Here
	// each command signs in, and `virtual create` must leave one for `devices enable`.
	house.Ceremonies.Devices = nil
	if err := h.vault.unlock(ctx, house.Vault); err != nil {
		return nil, errors.Join(err, house.Close())
	}
	return house, nil
}

func (h *houseFlags) config(g *globals) assembly.Config {
	c := assembly.Config{Home: g.home, Sandbox: h.sandbox, Radio: h.radio, Tunnel: h.tunnel, Secrets: secretStore, Version: buildVersion(), Cheap: cheap, Metadata: metadataService}
	if h.hand != nil {
		c.Told.Key = h.hand.saw
	}
	return c
}

// secretStore keeps the data keys of real accounts. It is always nil, for the system's:
// only this package's tests, whose accounts are real ones too, put another in its place.
var secretStore vault.System

// cheap is always false but in this package's tests, where each command signs in and what
// is tested happens around the hashes.
var cheap bool

// metadataService is always nil, for FIDO's own: only this package's tests put one in its
// place that they can sign for.
var metadataService *assembly.MetadataService

// anchors are what a BLOB is held against that is read without an account.
func anchors() mds.Anchors {
	if metadataService != nil {
		return metadataService.Anchors
	}
	return mds.FIDO()
}

// visit opens the house of an account that is there and lets nobody in: for what
// needs no sign-in. no-account.
func (h *houseFlags) visit(ctx context.Context, t *terminal, g *globals, do func(*assembly.House, mfa.Account) error) error {
	if err := h.settle(ctx, t, g); err != nil {
		return err
	}
	house, err := h.open(ctx, t, g)
	if err != nil {
		return err
	}
	defer house.Close()
	a, err := house.Accounts.Account(ctx)
	if err != nil {
		return err
	}
	return do(house, a)
}

// withSession is what a command needs that acts for somebody.
type withSession struct {
	h houseFlags
	w who
}

func (s *withSession) flags(fs *flag.FlagSet) {
	s.h.flags(fs)
	s.h.simulationFlags(fs)
	s.w.flags(fs)
	s.h.hand = s.w.hand
}

// run opens the house, signs in and runs do in the session.
func (s *withSession) run(ctx context.Context, t *terminal, g *globals, do func(*assembly.House, mfa.Session) error) error {
	if err := s.h.settle(ctx, t, g); err != nil {
		return err
	}
	if err := s.w.phone.check(&s.h); err != nil {
		return err
	}
	if err := s.w.hand.check(&s.h); err != nil {
		return err
	}
	house, err := s.h.open(ctx, t, g)
	if err != nil {
		return err
	}
	defer house.Close()
	if err := s.w.phone.configure(house); err != nil {
		return err
	}
	defer s.w.wipe()
	session, err := s.w.signIn(ctx, t, house)
	if err != nil {
		return err
	}
	err = do(house, session)
	if s.w.gone {
		return err
	}
	// The session ends with the command, also when that was cancelled.
	after := context.WithoutCancel(ctx)
	err = errors.Join(err, house.Ceremonies.SignOut(after, session))
	if marked := house.Activity.Checkpoint(after); marked != nil {
		t.warn(marked) // what was done is done
	}
	return err
}
