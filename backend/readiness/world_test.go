package readiness_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/readiness"
	"github.com/keyferry/keyferry/backend/transport"
)

var (
	now    = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	google = "cable.ua5v.com"
	apple  = "cable.auth.com"
)

// radio, bus and network are what is asked, each with one answer.
type radio struct {
	name string
	err  error
}

func (r radio) Probe(context.Context) (string, error) { return r.name, r.err }
func (r radio) Scan(context.Context, func(), func(transport.Advert)) error {
	panic("nobody asked to listen")
}

type bus struct {
	slots []transport.Slot
	err   error
}

func (b bus) List(context.Context) ([]transport.Slot, error) { return b.slots, b.err }
func (b bus) Watch(context.Context, func()) error            { panic("nobody asked to watch") }
func (b bus) Open(context.Context, string) (transport.Key, error) {
	panic("nobody asked to open a key")
}

// readers is a bus that counts its readers.
type readers struct {
	bus
	count int
	err   error
}

func (r readers) Readers(context.Context) (int, error) { return r.count, r.err }

type network struct {
	proxy               string
	nameless, unreached map[string]bool
	asked               chan string
}

func (n network) note(what string) {
	if n.asked != nil {
		n.asked <- what
	}
}

func (n network) Proxy(string) string { return n.proxy }

func (n network) Resolve(_ context.Context, host string) error {
	n.note("resolve " + host)
	if n.nameless[host] {
		return errors.New("no such name")
	}
	return nil
}

func (n network) Connect(_ context.Context, address string) error {
	n.note("connect " + address)
	if n.unreached[address] {
		return errors.New("refused")
	}
	return nil
}

// world is a Linux computer on which all stands.
func world() readiness.Config {
	return readiness.Config{
		Radio: radio{name: "hci0"}, USB: bus{slots: []transport.Slot{{ID: "/dev/hidraw0"}}}, Cards: bus{slots: []transport.Slot{{ID: "reader"}}},
		Computer: owns(readiness.Own{}, nil), Vault: fails(nil), Hosts: []string{google, apple}, Network: network{}, System: "linux",
		Machine: machine(readiness.Facts{Name: "Debian GNU/Linux", Version: "12", ClockKept: readiness.Yes, KeyRules: readiness.Yes}),
		Clock:   func() time.Time { return now },
	}
}

func fails(err error) func(context.Context) error { return func(context.Context) error { return err } }

func owns(o readiness.Own, err error) func(context.Context) (readiness.Own, error) {
	return func(context.Context) (readiness.Own, error) { return o, err }
}

func machine(f readiness.Facts) func(context.Context) (readiness.Facts, error) {
	return func(context.Context) (readiness.Facts, error) { return f, nil }
}

func windows(version int, err error) func(context.Context) (int, error) {
	return func(context.Context) (int, error) { return version, err }
}

// show is a ladder on one line: "ready: radio-service ok, …".
func show(l readiness.Ladder) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:", l.State)
	for _, r := range l.Rungs {
		fmt.Fprintf(&b, " %s", r.ID)
		if r.State != readiness.OK {
			fmt.Fprintf(&b, "=%s", r.State)
		}
		if r.Failure != nil {
			fmt.Fprintf(&b, "(%s)", r.Failure.Code)
		}
		for _, k := range []string{"why", "count", "denied", "have", "route", "kind", "via", "least"} {
			if v, ok := r.Params[k]; ok {
				fmt.Fprintf(&b, "[%s %s]", k, v)
			}
		}
	}
	return b.String()
}

func rung(t *testing.T, l readiness.Ladder, id string) readiness.Rung {
	t.Helper()
	for _, r := range l.Rungs {
		if r.ID == id {
			return r
		}
	}
	t.Fatalf("there is no rung %s: %s", id, show(l))
	return readiness.Rung{}
}

var fail = mfa.Fail
