//go:build linux || freebsd || netbsd || openbsd || dragonfly

package keyring

import (
	"context"
	"errors"
	"slices"

	"github.com/godbus/dbus/v5"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Names of the Secret Service API.
const (
	busName         = "org.freedesktop.secrets"
	servicePath     = dbus.ObjectPath("/org/freedesktop/secrets")
	serviceIface    = "org.freedesktop.Secret.Service"
	collectionIface = "org.freedesktop.Secret.Collection"
	itemIface       = "org.freedesktop.Secret.Item"
	promptIface     = "org.freedesktop.Secret.Prompt"
	errLocked       = "org.freedesktop.Secret.Error.IsLocked"
	errNoObject     = "org.freedesktop.Secret.Error.NoSuchObject"
	// nothing is the object path that stands for none, in every answer.
	nothing = dbus.ObjectPath("/")
)

// SecretService is the store behind org.freedesktop.secrets. Each call has a
// connection of its own: there are two or three in a run of the program, and a bus or
// service that went away meanwhile does no harm.
type SecretService struct {
	// Dial opens a connection that is not authenticated yet.
	Dial func() (*dbus.Conn, error)
}

// secret is the API's struct of the same name: session, parameters, value, type.
type secret struct {
	Session    dbus.ObjectPath
	Parameters []byte
	Value      []byte
	Type       string
}

// talk is one connection with one session.
type talk struct {
	conn    *dbus.Conn
	session dbus.ObjectPath
}

// Name is what people call the store.
func (s *SecretService) Name() string { return "Secret Service" }

// Get gives an entry. not-found, secret-store-missing, secret-store-locked.
func (s *SecretService) Get(ctx context.Context, account string) (*mfa.Secret, error) {
	var key *mfa.Secret
	err := s.with(ctx, func(ctx context.Context, t *talk) error {
		item, err := t.find(ctx, account)
		if err != nil {
			return err
		}
		var got secret
		if err := t.call(ctx, item, itemIface+".GetSecret", t.session).Store(&got); err != nil {
			return err
		}
		if len(got.Value) == 0 || len(got.Value) > maxKey {
			clear(got.Value)
			return isLocked(errAnswer)
		}
		key = mfa.NewSecret(got.Value)
		return nil
	})
	return key, err
}

// Set keeps an entry in the default collection, in place of one of the same account.
// secret-store-missing, secret-store-locked, also when there is no such collection
// yet: Unlock makes one.
func (s *SecretService) Set(ctx context.Context, account string, key *mfa.Secret) error {
	if err := checkKey(key); err != nil {
		return err
	}
	return s.with(ctx, func(ctx context.Context, t *talk) error {
		home, err := t.home(ctx)
		if err != nil {
			return err
		}
		if err := t.open(ctx, home); err != nil {
			return err
		}
		properties := map[string]dbus.Variant{
			itemIface + ".Label":      dbus.MakeVariant(label(account)),
			itemIface + ".Attributes": dbus.MakeVariant(attributes(account)),
		}
		value := secret{Session: t.session, Parameters: []byte{}, Value: slices.Clone(key.Bytes()), Type: "application/octet-stream"}
		defer clear(value.Value)
		var item, prompt dbus.ObjectPath
		if err := t.call(ctx, home, collectionIface+".CreateItem", properties, value, true).Store(&item, &prompt); err != nil {
			return err
		}
		return t.dismiss(ctx, prompt)
	})
}

// Delete forgets an entry. not-found, secret-store-missing, secret-store-locked.
func (s *SecretService) Delete(ctx context.Context, account string) error {
	return s.with(ctx, func(ctx context.Context, t *talk) error {
		item, err := t.find(ctx, account)
		if err != nil {
			return err
		}
		var prompt dbus.ObjectPath
		if err := t.call(ctx, item, itemIface+".Delete").Store(&prompt); err != nil {
			return err
		}
		return t.dismiss(ctx, prompt)
	})
}

// with runs what in a session of its own.
func (s *SecretService) with(ctx context.Context, what func(context.Context, *talk) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	conn, err := s.connect(ctx)
	if err != nil {
		return meaning(ctx, err)
	}
	defer conn.Close() // which closes the session too
	t := &talk{conn: conn}
	var unused dbus.Variant
	if err := t.call(ctx, servicePath, serviceIface+".OpenSession", "plain", dbus.MakeVariant("")).Store(&unused, &t.session); err != nil {
		return meaning(ctx, err)
	}
	return meaning(ctx, what(ctx, t))
}

// connect waits no longer than for any other answer. A connection that comes too
// late is closed.
func (s *SecretService) connect(ctx context.Context) (*dbus.Conn, error) {
	type made struct {
		conn *dbus.Conn
		err  error
	}
	done := make(chan made, 1)
	go func() {
		conn, err := s.Dial()
		if err == nil {
			if err = conn.Auth(nil); err == nil {
				err = conn.Hello()
			}
			if err != nil {
				conn.Close()
			}
		}
		if err != nil {
			err = missing(err) // no bus, no store
		}
		done <- made{conn, err}
	}()
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	select {
	case m := <-done:
		return m.conn, m.err
	case <-ctx.Done():
		go func() {
			if m := <-done; m.err == nil {
				m.conn.Close()
			}
		}()
		return nil, ctx.Err()
	}
}

func attributes(account string) map[string]string {
	return map[string]string{"xdg:schema": service, "account": account}
}

// find gives the entry's item, unlocked. An open collection must have said that it
// knows nothing before we believe it: some services hide the items of a locked one.
func (t *talk) find(ctx context.Context, account string) (dbus.ObjectPath, error) {
	search := func() (open, locked []dbus.ObjectPath, err error) {
		err = t.call(ctx, servicePath, serviceIface+".SearchItems", attributes(account)).Store(&open, &locked)
		return open, locked, err
	}
	open, locked, err := search()
	if err != nil {
		return "", err
	}
	if len(open) == 0 && len(locked) == 0 {
		home, err := t.home(ctx)
		if err != nil {
			return "", err
		}
		was, err := t.isLocked(ctx, home)
		if err != nil {
			return "", err
		}
		if !was {
			return "", notFound()
		}
		if err := t.open(ctx, home); err != nil {
			return "", err
		}
		if open, locked, err = search(); err != nil {
			return "", err
		}
	}
	switch {
	case len(open) > 0:
		return open[0], nil
	case len(locked) > 0:
		return locked[0], t.open(ctx, locked[0])
	}
	return "", notFound()
}

// home is the default collection: the alias every service has (section 5.3). Without
// one, nothing can be kept until somebody makes it.
func (t *talk) home(ctx context.Context) (dbus.ObjectPath, error) {
	var path dbus.ObjectPath
	if err := t.call(ctx, servicePath, serviceIface+".ReadAlias", "default").Store(&path); err != nil {
		return "", err
	}
	if path == nothing {
		return "", isLocked(errNoHome)
	}
	return path, nil
}

var (
	errNoHome = errors.New("keyring: the secret service has no default collection")
	errAsks   = errors.New("keyring: the secret service wants to ask the person")
)

func (t *talk) isLocked(ctx context.Context, collection dbus.ObjectPath) (bool, error) {
	var v dbus.Variant
	err := t.call(ctx, collection, "org.freedesktop.DBus.Properties.Get", collectionIface, "Locked").Store(&v)
	if err != nil {
		return false, err
	}
	locked, ok := v.Value().(bool)
	if !ok {
		return false, isLocked(errAnswer)
	}
	return locked, nil
}

// open unlocks what opens without a question: a collection without a password is
// locked too until somebody asks for it.
func (t *talk) open(ctx context.Context, path dbus.ObjectPath) error {
	prompt, err := t.unlock(ctx, path)
	if err != nil {
		return err
	}
	return t.dismiss(ctx, prompt)
}

func (t *talk) unlock(ctx context.Context, path dbus.ObjectPath) (prompt dbus.ObjectPath, err error) {
	var done []dbus.ObjectPath
	err = t.call(ctx, servicePath, serviceIface+".Unlock", []dbus.ObjectPath{path}).Store(&done, &prompt)
	if err == nil && prompt == nothing && len(done) == 0 {
		err = isLocked(errAnswer)
	}
	return prompt, err
}

// call asks an object and waits no longer than callTimeout.
func (t *talk) call(ctx context.Context, path dbus.ObjectPath, method string, args ...any) *dbus.Call {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return t.conn.Object(busName, path).CallWithContext(ctx, method, 0, args...)
}

// meaning turns what the bus answers into a failure; the caller's own end stays.
func meaning(ctx context.Context, err error) error {
	var d dbus.Error
	var f *mfa.Failure
	switch {
	case err == nil, errors.As(err, &f):
		return err
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case errors.As(err, &d):
		switch d.Name {
		case errNoObject:
			return notFound()
		case errLocked:
			return isLocked(err)
		case "org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner",
			"org.freedesktop.DBus.Error.UnknownMethod", "org.freedesktop.DBus.Error.UnknownInterface",
			"org.freedesktop.DBus.Error.UnknownObject", "org.freedesktop.DBus.Error.Spawn.ExecFailed",
			"org.freedesktop.DBus.Error.Spawn.ChildExited", "org.freedesktop.DBus.Error.Spawn.Failed",
			"org.freedesktop.DBus.Error.Spawn.ServiceNotFound", "org.freedesktop.DBus.Error.Spawn.ChildSignaled":
			return missing(err)
		}
	}
	return isLocked(err)
}
