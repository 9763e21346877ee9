package credentialsd

import (
	"context"
	"errors"
	"testing"

	"github.com/godbus/dbus/v5"

	"github.com/keyferry/keyferry/backend/internal/bustest"
)

const (
	withIt    = `<node><interface name="org.freedesktop.portal.Settings"/><interface name="` + portalInterface + `"><method name="CreateCredential"/></interface></node>`
	withoutIt = `<node><interface name="org.freedesktop.portal.Settings"/></node>`
)

// introspectable answers for the portal; mute never does.
type introspectable struct {
	text string
	mute chan struct{}
}

func (i introspectable) Introspect() (string, *dbus.Error) {
	if i.mute != nil {
		<-i.mute
	}
	return i.text, nil
}

// own puts a service on the bus until the test ends.
func own(t *testing.T, address, name string, object any) {
	t.Helper()
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if object != nil {
		if err := conn.Export(object, portalPath, "org.freedesktop.DBus.Introspectable"); err != nil {
			t.Fatal(err)
		}
	}
	if reply, err := conn.RequestName(name, dbus.NameFlagDoNotQueue); err != nil || reply != dbus.RequestNameReplyPrimaryOwner {
		t.Fatalf("%v, %v", reply, err)
	}
}

func on(address string) Detector {
	return Detector{Connect: func() (*dbus.Conn, error) { return dbus.Dial(address) }}
}

func TestDetect(t *testing.T) {
	for _, c := range []struct {
		name   string
		portal string // what it says of itself; empty: no portal
		direct bool
		want   API
	}{
		{"nobody", "", false, None},
		{"a portal without passkeys", withoutIt, false, None},
		{"a portal with passkeys", withIt, false, Portal},
		{"the early service", "", true, Direct},
		{"the early service beside a portal", withoutIt, true, Direct},
		{"both: the later one", withIt, true, Portal},
		{"a portal that talks nonsense", "<node><interface", false, None},
	} {
		t.Run(c.name, func(t *testing.T) {
			address := bustest.Start(t, "the detection of credentialsd")
			if c.portal != "" {
				own(t, address, portalName, introspectable{text: c.portal})
			}
			if c.direct {
				own(t, address, directName, nil)
			}
			if got, err := on(address).Detect(t.Context()); got != c.want || err != nil {
				t.Errorf("gave %v, %v; want %v", got, err, c.want)
			}
		})
	}
}

func TestNoBus(t *testing.T) {
	if got, err := on("unix:path=/nonexistent/bus").Detect(t.Context()); got != None || err != nil {
		t.Errorf("gave %v, %v", got, err)
	}
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
	if got, err := (Detector{}).Detect(t.Context()); got != None || err != nil {
		t.Errorf("the session's gave %v, %v", got, err)
	}
}

func TestAMutePortalIsNotWaitedForAfterCancel(t *testing.T) {
	address := bustest.Start(t, "the detection of credentialsd")
	mute := make(chan struct{})
	defer close(mute)
	own(t, address, portalName, introspectable{mute: mute})
	ctx, cancel := context.WithCancel(t.Context())
	d := Detector{Connect: func() (*dbus.Conn, error) {
		conn, err := dbus.Dial(address)
		cancel()
		return conn, err
	}}
	if _, err := d.Detect(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("gave %v", err)
	}
}

func FuzzDescribes(f *testing.F) {
	f.Add(withIt)
	f.Add(withoutIt)
	f.Add("<node><interface")
	f.Fuzz(func(t *testing.T, text string) { describes(text) })
}
