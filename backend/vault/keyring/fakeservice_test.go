//go:build linux

package keyring

import (
	"fmt"
	"maps"
	"sync"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"

	"github.com/keyferry/keyferry/backend/internal/bustest"
)

func startBus(t *testing.T) string {
	t.Helper()
	return bustest.Start(t, "the Secret Service")
}

func onBus(address string) *SecretService {
	return &SecretService{Dial: func() (*dbus.Conn, error) { return dbus.Dial(address) }}
}

const (
	collectionPath = dbus.ObjectPath("/org/freedesktop/secrets/collection/login")
	promptPath     = dbus.ObjectPath("/org/freedesktop/secrets/prompt/p1")
	sessionPath    = dbus.ObjectPath("/org/freedesktop/secrets/session/s1")
)

// fakeService answers as GNOME Keyring does, with one collection and one prompt.
type fakeService struct {
	t     *testing.T
	conn  *dbus.Conn
	props *prop.Properties

	mu        sync.Mutex
	items     map[dbus.ObjectPath]*fakeItem
	locked    bool
	hides     bool   // a locked collection's items are not found (KeePassXC)
	silent    bool   // it opens without a question
	homeless  bool   // no default collection yet
	answer    string // to a question: "", "yes", "no"
	hangs     chan struct{}
	refuse    *dbus.Error // of OpenSession
	dismissed int
	asked     chan struct{}
	created   int
}

type fakeItem struct {
	attributes map[string]string
	label      string
	secret     secret
}

func startService(t *testing.T, address string) *fakeService {
	t.Helper()
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	f := &fakeService{t: t, conn: conn, items: map[dbus.ObjectPath]*fakeItem{}, asked: make(chan struct{}, 8)}
	for path, tables := range map[dbus.ObjectPath]map[string]map[string]any{
		servicePath: {serviceIface: {"OpenSession": f.openSession, "SearchItems": f.search, "ReadAlias": f.readAlias,
			"Unlock": f.unlock, "CreateCollection": f.createCollection}},
		collectionPath: {collectionIface: {"CreateItem": f.createItem}},
		promptPath:     {promptIface: {"Prompt": f.prompt, "Dismiss": f.dismiss}},
	} {
		for iface, table := range tables {
			if err := conn.ExportMethodTable(table, path, iface); err != nil {
				t.Fatal(err)
			}
		}
	}
	f.props, err = prop.Export(conn, collectionPath, prop.Map{collectionIface: {"Locked": {Value: false, Emit: prop.EmitFalse}}})
	if err != nil {
		t.Fatal(err)
	}
	if reply, err := conn.RequestName(busName, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("RequestName = %v, %v", reply, err)
	}
	return f
}

func (f *fakeService) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
	f.props.SetMust(collectionIface, "Locked", f.locked)
}

func (f *fakeService) openSession(algorithm string, _ dbus.Variant) (dbus.Variant, dbus.ObjectPath, *dbus.Error) {
	if f.hangs != nil {
		<-f.hangs
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse != nil {
		return dbus.Variant{}, "", f.refuse
	}
	if algorithm != "plain" {
		return dbus.Variant{}, "", dbus.NewError("org.freedesktop.DBus.Error.NotSupported", nil)
	}
	return dbus.MakeVariant(""), sessionPath, nil
}

func (f *fakeService) search(want map[string]string) (open, locked []dbus.ObjectPath, _ *dbus.Error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for path, item := range f.items {
		switch {
		case !maps.Equal(item.attributes, want), f.locked && f.hides:
		case f.locked:
			locked = append(locked, path)
		default:
			open = append(open, path)
		}
	}
	return open, locked, nil
}

func (f *fakeService) readAlias(name string) (dbus.ObjectPath, *dbus.Error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if name != "default" || f.homeless {
		return nothing, nil
	}
	return collectionPath, nil
}

func (f *fakeService) unlock(what []dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.locked && !f.silent {
		return nil, promptPath, nil
	}
	f.locked = false
	f.props.SetMust(collectionIface, "Locked", false)
	return what, nothing, nil
}

func (f *fakeService) createCollection(map[string]dbus.Variant, string) (dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.created++
	return nothing, promptPath, nil
}

func (f *fakeService) createItem(properties map[string]dbus.Variant, value secret, replace bool) (dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.locked {
		return nothing, nothing, dbus.NewError(errLocked, nil)
	}
	item := &fakeItem{secret: value, label: properties[itemIface+".Label"].Value().(string),
		attributes: properties[itemIface+".Attributes"].Value().(map[string]string)}
	path := dbus.ObjectPath(fmt.Sprintf("%s/%d", collectionPath, len(f.items)+1))
	for p, old := range f.items {
		if replace && maps.Equal(old.attributes, item.attributes) {
			path = p
		}
	}
	f.items[path] = item
	err := f.conn.ExportMethodTable(map[string]any{
		"GetSecret": func(session dbus.ObjectPath) (secret, *dbus.Error) { return f.getSecret(path, session) },
		"Delete":    func() (dbus.ObjectPath, *dbus.Error) { return f.deleteItem(path) },
	}, path, itemIface)
	if err != nil {
		f.t.Error(err)
	}
	return path, nothing, nil
}

func (f *fakeService) getSecret(path, session dbus.ObjectPath) (secret, *dbus.Error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	item, ok := f.items[path]
	switch {
	case !ok:
		return secret{}, dbus.NewError(errNoObject, nil)
	case f.locked:
		return secret{}, dbus.NewError(errLocked, nil)
	}
	item.secret.Session = session
	return item.secret, nil
}

func (f *fakeService) deleteItem(path dbus.ObjectPath) (dbus.ObjectPath, *dbus.Error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.items, path)
	return nothing, nil
}

func (f *fakeService) prompt(string) *dbus.Error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked <- struct{}{}
	if f.answer == "" {
		return nil
	}
	if f.answer == "yes" {
		f.locked, f.homeless = false, false
		f.props.SetMust(collectionIface, "Locked", false)
	}
	_ = f.conn.Emit("/org/freedesktop/secrets/prompt/another", promptIface+".Completed", true, dbus.MakeVariant(""))
	if err := f.conn.Emit(promptPath, promptIface+".Completed", f.answer == "no", dbus.MakeVariant("")); err != nil {
		f.t.Error(err)
	}
	return nil
}

func (f *fakeService) dismiss() *dbus.Error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dismissed++
	return nil
}
