package main

import (
	"cmp"
	"context"
	"flag"
	"slices"
	"strings"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/rp"
)

// deviceJSON is one MFA device. Members that its kind does not have are empty.
type deviceJSON struct {
	ID           string      `json:"id"`
	Version      int64       `json:"version"`
	Name         string      `json:"name"` // empty for a token in stock
	Kind         string      `json:"kind"`
	Provider     string      `json:"provider"`
	AAGUID       string      `json:"aaguid"`
	Serial       string      `json:"serial"`
	User         string      `json:"user,omitempty"`
	AddedAt      int64       `json:"added_at"` // 0: unassigned
	LastUsedAt   int64       `json:"last_used_at"`
	SuspectAt    int64       `json:"suspect_at"`
	Synced       bool        `json:"synced"`
	OnPhone      bool        `json:"on_phone"`
	Algorithm    int64       `json:"algorithm"`
	SignCount    uint32      `json:"sign_count"`
	Transports   []string    `json:"transports"`
	Attestation  string      `json:"attestation"`
	UserVerified bool        `json:"user_verified"`
	Trust        *trustJSON  `json:"trust,omitempty"`
	Codes        *paramsJSON `json:"codes,omitempty"`
}

// paramsJSON is how a device makes codes.
type paramsJSON struct {
	Hash         string `json:"hash"`
	Digits       int    `json:"digits"`
	Period       int    `json:"period"` // seconds
	Drift        int    `json:"drift"`  // seconds by which it is ahead of this computer
	Manufacturer string `json:"manufacturer,omitempty"`
	Model        string `json:"model,omitempty"`
}

func deviceOf(d mfa.Device) deviceJSON {
	j := deviceJSON{ID: d.ID, Version: d.Version, Name: d.Name, Kind: string(d.Kind), Serial: d.Serial,
		AddedAt: milliseconds(d.EnabledAt), LastUsedAt: milliseconds(d.LastUsedAt), SuspectAt: milliseconds(d.SuspectAt), Transports: []string{}}
	if c := d.Passkey; c != nil {
		j.Provider, j.AAGUID = rp.ProviderName(c.AAGUID), c.AAGUID.String()
		j.Synced, j.OnPhone, j.Algorithm, j.SignCount = c.IsSynced(), c.OnPhone(), c.Algorithm, c.SignCount
		j.Transports, j.Attestation, j.UserVerified = append(j.Transports, c.Transports...), c.AttestationFormat, c.UserVerified
		j.Trust = trustOf(c.Trust)
	}
	if o := d.OneTime; o != nil {
		period := int(o.Period.Seconds())
		j.Codes = &paramsJSON{Hash: o.Algorithm, Digits: o.Digits, Period: period, Drift: o.Drift * period, Manufacturer: o.Manufacturer, Model: o.Model}
	}
	return j
}

func devicesJSON(devices []mfa.Device) []deviceJSON {
	list := make([]deviceJSON, len(devices))
	for i, d := range devices {
		list[i] = deviceOf(d)
	}
	return list
}

func deviceTable(devices []mfa.Device) string {
	if len(devices) == 0 {
		return "No devices."
	}
	table := newTable("NAME", "KIND", "FROM", "ADDED", "LAST USED", "SERIAL NUMBER")
	for _, d := range devices {
		table.row(d.Name, kindOf(d), makerOf(d), when(d.EnabledAt), when(d.LastUsedAt), d.Serial)
	}
	return table.String()
}

// kindOf says what a device is, and what is wrong with it.
func kindOf(d mfa.Device) string {
	kind := map[mfa.DeviceKind]string{mfa.KindApp: "authenticator app", mfa.KindToken: "hardware token"}[d.Kind]
	if d.Passkey != nil {
		kind = "passkey on one device"
		if d.Passkey.IsSynced() {
			kind = "passkey, synced"
		}
	}
	if !d.SuspectAt.IsZero() {
		kind += ", blocked: there may be a copy"
	}
	return kind
}

func makerOf(d mfa.Device) string {
	switch {
	case d.Passkey != nil:
		return rp.ProviderName(d.Passkey.AAGUID)
	case d.OneTime != nil:
		return strings.TrimSpace(d.OneTime.Manufacturer + " " + d.OneTime.Model)
	}
	return ""
}

// device finds one of somebody's devices by name or serial number, without case, or by
// ID.
func (s *seat) device(ctx context.Context, user, which string) (mfa.Device, error) {
	target, err := s.target(ctx, mfa.OpListDevices, user)
	if err != nil {
		return mfa.Device{}, err
	}
	devices, err := s.Devices.List(ctx, s.session, target)
	if err != nil {
		return mfa.Device{}, err
	}
	i := slices.IndexFunc(devices, func(d mfa.Device) bool {
		return d.ID == which || strings.EqualFold(d.Name, which) || strings.EqualFold(d.Serial, which)
	})
	if i < 0 {
		return mfa.Device{}, mfa.Fail(mfa.CodeNotFound, "what", "device")
	}
	return devices[i], nil
}

// bySerial finds any device by its serial number. For an authenticator app its name
// will do: it is the end of the number, unless the app was renamed, and then it is
// looked for among those that belong to nobody, by whoever may list them.
func (s *seat) bySerial(ctx context.Context, serial string) (mfa.Device, error) {
	d, err := s.Store.DeviceBySerial(ctx, serial)
	if !mfa.IsCode(err, mfa.CodeNotFound) {
		return d, err
	}
	missing := mfa.Fail(mfa.CodeNotFound, "what", "device").Because(err)
	if mfa.CheckName(serial) != nil {
		return d, missing
	}
	a, err := s.Accounts.Account(ctx)
	if err != nil {
		return d, err
	}
	if d, err = s.Store.DeviceBySerial(ctx, mfa.VirtualARN(a, serial)); !mfa.IsCode(err, mfa.CodeNotFound) {
		return d, err
	}
	apps, err := s.Devices.Unassigned(ctx, s.session)
	if mfa.IsCode(err, mfa.CodeAccessDenied) {
		return d, missing
	}
	if i := slices.IndexFunc(apps, func(d mfa.Device) bool { return strings.EqualFold(d.Name, serial) }); i >= 0 {
		return apps[i], nil
	}
	return d, cmp.Or(err, error(missing))
}

// twoCodes are two codes that follow each other: --codes 123456 654321.
type twoCodes struct{ both string }

func codesFlag(fs *flag.FlagSet) *twoCodes {
	c := &twoCodes{}
	fs.StringVar(&c.both, "codes", "", "two codes that follow each other: `A B`")
	return c
}

func (c *twoCodes) get() (first, second string, err error) {
	first, second, ok := strings.Cut(c.both, ",")
	if !ok {
		return "", "", usage("two codes that follow each other are needed: --codes 123456 654321")
	}
	return strings.TrimSpace(first), strings.TrimSpace(second), nil
}
