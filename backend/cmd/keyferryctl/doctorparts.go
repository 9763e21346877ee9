package main

import (
	"context"
	"fmt"
	"runtime"
	"strconv"

	"github.com/keyferry/keyferry/backend/platform/tpm"
	"github.com/keyferry/keyferry/backend/platform/webauthnwin"
	"github.com/keyferry/keyferry/backend/readiness"
	"github.com/keyferry/keyferry/backend/transport/ble"
	"github.com/keyferry/keyferry/backend/transport/hid"
	"github.com/keyferry/keyferry/backend/transport/hybrid"
)

// doctorParts is whom the doctor asks. Tests put others in its place.
var doctorParts = func() readiness.Config {
	c := readiness.Config{Radio: ble.System(), USB: hid.System(), Hosts: tunnelHosts(),
		Windows: func(context.Context) (int, error) { return webauthnwin.Version() }}
	if runtime.GOOS == "linux" {
		c.Computer = tpm.Probe
	}
	return c
}

// tunnelHosts are the servers that have a name of their own; the rest are computed from
// what a phone says.
func tunnelHosts() []string {
	var hosts []string
	for id := range uint16(hybrid.AssignedDomains) {
		if host, err := hybrid.TunnelDomain(id); err == nil {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// udevRule lets whoever sits at this computer open the keys of a vendor (four hex
// digits). Without a vendor there is none: it would open every keyboard, too.
func udevRule(vendor string) string {
	id, err := strconv.ParseUint(vendor, 16, 16)
	if err != nil || id == 0 {
		return ""
	}
	return fmt.Sprintf("KERNEL==\"hidraw*\", SUBSYSTEM==\"hidraw\", ATTRS{idVendor}==\"%04x\", TAG+=\"uaccess\"\n", id)
}
