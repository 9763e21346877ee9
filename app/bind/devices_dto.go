package bind

import (
	"fmt"
	"time"

	"github.com/keyferry/keyferry/backend/devices"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
)

// DeviceDTO is one MFA device, of somebody or of nobody.
type DeviceDTO struct {
	ID         string         `json:"id"`
	Version    int64          `json:"version"`
	Name       string         `json:"name"`
	Kind       string         `json:"kind"`
	Serial     string         `json:"serial"`
	AddedAt    int64          `json:"addedAt"`
	CreatedAt  int64          `json:"createdAt"`
	LastUsedAt int64          `json:"lastUsedAt"`
	SuspectAt  int64          `json:"suspectAt"`
	Passkey    *PasskeyDTO    `json:"passkey"`
	Code       *CodeDeviceDTO `json:"code"`
}

// PasskeyDTO is what only a passkey has.
type PasskeyDTO struct {
	Provider     string   `json:"provider"`
	AAGUID       string   `json:"aaguid"`
	Synced       bool     `json:"synced"`
	OnPhone      bool     `json:"onPhone"`
	RPID         string   `json:"rpId"`
	Algorithm    string   `json:"algorithm"`
	Transports   []string `json:"transports"`
	Attestation  string   `json:"attestation"`
	SignCount    uint32   `json:"signCount"`
	UserVerified bool     `json:"userVerified"`
	Trust        TrustDTO `json:"trust"`
}

// CodeDeviceDTO is what only a device with codes has. Period and Drift are in seconds.
type CodeDeviceDTO struct {
	Algorithm    string `json:"algorithm"`
	Digits       int    `json:"digits"`
	Period       int    `json:"period"`
	Drift        int    `json:"drift"`
	Manufacturer string `json:"manufacturer"`
	Model        string `json:"model"`
}

// DriftDTO is how a device's clock went. All but the times is in seconds.
type DriftDTO struct {
	Samples      []DriftSampleDTO `json:"samples"`
	PerDay       float64          `json:"perDay"`
	LeavesAt     int64            `json:"leavesAt"`
	Window       int              `json:"window"`
	ResyncWindow int              `json:"resyncWindow"`
}

// DriftSampleDTO is one drift that was seen.
type DriftSampleDTO struct {
	At      int64 `json:"at"`
	Seconds int   `json:"seconds"`
}

// RenameDeviceRequest renames a device that was seen at Version.
type RenameDeviceRequest struct {
	ID      string `json:"id"`
	Version int64  `json:"version"`
	Name    string `json:"name"`
}

// DeviceRequest names a device that was seen at Version.
type DeviceRequest struct {
	ID      string `json:"id"`
	Version int64  `json:"version"`
}

// AssignTokenRequest gives what belongs to nobody to somebody.
type AssignTokenRequest struct {
	Serial      string `json:"serial"`
	Name        string `json:"name"`
	PrincipalID string `json:"principalId"`
	First       string `json:"first"`
	Second      string `json:"second"`
}

func (a *API) device(rpID string) func(mfa.Device) DeviceDTO {
	return func(d mfa.Device) DeviceDTO {
		return DeviceDTO{ID: d.ID, Version: d.Version, Name: d.Name, Kind: string(d.Kind), Serial: d.Serial, AddedAt: millis(d.EnabledAt),
			CreatedAt: millis(d.CreatedAt), LastUsedAt: millis(d.LastUsedAt), SuspectAt: millis(d.SuspectAt),
			Passkey: maybe(d.Passkey, a.passkey(rpID)), Code: maybe(d.OneTime, codeDevice)}
	}
}

func (a *API) passkey(rpID string) func(mfa.Credential) PasskeyDTO {
	return func(c mfa.Credential) PasskeyDTO {
		return PasskeyDTO{Provider: a.c.Pictures.Provider(c.AAGUID), AAGUID: c.AAGUID.String(), Synced: c.IsSynced(), OnPhone: c.OnPhone(),
			RPID: rpID, Algorithm: algorithm(c.Algorithm), Transports: each(c.Transports, text[string]), Attestation: c.AttestationFormat,
			SignCount: c.SignCount, UserVerified: c.UserVerified, Trust: trustOf(c.Trust)}
	}
}

// algorithm names a COSE algorithm as the IANA registry does.
func algorithm(cose int64) string {
	switch cose {
	case -7:
		return "ES256"
	case -8:
		return "EdDSA"
	case -257:
		return "RS256"
	default:
		return fmt.Sprintf("COSE %d", cose)
	}
}

func codeDevice(o mfa.OneTime) CodeDeviceDTO {
	return CodeDeviceDTO{Algorithm: o.Algorithm, Digits: o.Digits, Period: seconds(1, o.Period), Drift: seconds(o.Drift, o.Period),
		Manufacturer: o.Manufacturer, Model: o.Model}
}

func driftOf(d devices.Drift) DriftDTO {
	one := d.Device.OneTime
	p := totp.Params{Algorithm: totp.Algorithm(one.Algorithm), Digits: one.Digits, Period: one.Period}
	window := totp.ResyncWindow
	if d.Device.Kind == mfa.KindToken {
		window = p.HardwareResyncWindow()
	}
	out := DriftDTO{Samples: []DriftSampleDTO{}, Window: seconds(totp.SignInWindow, p.Period), ResyncWindow: seconds(window, p.Period)}
	history := make([]totp.Sample, 0, len(d.Samples))
	for _, s := range d.Samples {
		history = append(history, totp.Sample(s))
		out.Samples = append(out.Samples, DriftSampleDTO{At: millis(s.At), Seconds: seconds(s.Drift, p.Period)})
	}
	if trend, ok := totp.Estimate(p, history); ok {
		out.PerDay = trend.PerDay.Seconds()
		leaves, _ := trend.Leaves(totp.SignInWindow)
		out.LeavesAt = millis(leaves)
	}
	return out
}

func seconds(steps int, period time.Duration) int { return steps * int(period.Seconds()) }
