package credentialsd

import (
	"context"
	"encoding/xml"
	"slices"
	"time"

	"github.com/godbus/dbus/v5"
)

// API is an interface by which passkeys can be asked for.
type API int

const (
	None   API = iota // no such service
	Direct            // credentialsd 0.2: its own name and interface
	Portal            // later ones, behind xdg-desktop-portal
)

// String gives none, direct or portal.
func (a API) String() string { return [...]string{"none", "direct", "portal"}[a] }

// Names of the two (credentialsd 0.2.0, and its main branch of June 2026).
const (
	directName      = "xyz.iinuwa.credentialsd.Credentials"
	portalName      = "org.freedesktop.portal.Desktop"
	portalPath      = "/org/freedesktop/portal/desktop"
	portalInterface = "org.freedesktop.portal.experimental.Credential"

	busInterface = "org.freedesktop.DBus"

	// detectTime bounds each question to the bus, and maxXML what the portal says of
	// itself, in bytes.
	detectTime = 2 * time.Second
	maxXML     = 1 << 20
)

// Detector looks at a message bus. The zero value looks at the session's.
type Detector struct {
	// Connect opens a connection that Detect may close. nil: the session bus, if there
	// is one.
	Connect func() (*dbus.Conn, error)
}

// Detect says which API is there. That there is no bus, or nobody on it who answers, is
// None and no error; the only error is ctx.Err().
func (d Detector) Detect(ctx context.Context) (API, error) {
	connect := d.Connect
	if connect == nil {
		connect = func() (*dbus.Conn, error) { return dbus.SessionBusPrivateNoAutoStartup() }
	}
	conn, err := connect()
	if err != nil {
		return None, ctx.Err()
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if conn.Auth(nil) != nil || conn.Hello() != nil {
		return None, ctx.Err()
	}
	running, startable := list(ctx, conn, "ListNames"), list(ctx, conn, "ListActivatableNames")
	switch {
	case slices.Contains(running, portalName) && offers(ctx, conn):
		return Portal, ctx.Err()
	case slices.Contains(running, directName) || slices.Contains(startable, directName):
		return Direct, ctx.Err()
	}
	return None, ctx.Err()
}

// list asks the bus for names.
func list(ctx context.Context, conn *dbus.Conn, method string) (names []string) {
	ctx, stop := context.WithTimeout(ctx, detectTime)
	defer stop()
	_ = conn.BusObject().CallWithContext(ctx, busInterface+"."+method, 0).Store(&names)
	return names
}

// offers asks the portal, which runs already, whether it has the interface.
func offers(ctx context.Context, conn *dbus.Conn) bool {
	ctx, stop := context.WithTimeout(ctx, detectTime)
	defer stop()
	var text string
	call := conn.Object(portalName, portalPath).CallWithContext(ctx, "org.freedesktop.DBus.Introspectable.Introspect", dbus.FlagNoAutoStart)
	return call.Store(&text) == nil && describes(text)
}

// describes reads what an object says of itself.
func describes(text string) bool {
	var node struct {
		Interfaces []struct {
			Name string `xml:"name,attr"`
		} `xml:"interface"`
	}
	if len(text) > maxXML || xml.Unmarshal([]byte(text), &node) != nil {
		return false
	}
	for _, i := range node.Interfaces {
		if i.Name == portalInterface {
			return true
		}
	}
	return false
}
