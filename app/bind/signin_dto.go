package bind

import (
	"slices"

	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
)

// SignInDTO is what follows a right password.
type SignInDTO struct {
	Complete bool             `json:"complete"`
	State    StateDTO         `json:"state"`
	Ways     []string         `json:"ways"`
	Devices  []WayDeviceDTO   `json:"devices"`
	Linked   []LinkedPhoneDTO `json:"linked"`
}

// WayDeviceDTO is a device that can prove a sign-in.
type WayDeviceDTO struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Kind string `json:"kind"`
}

// LinkedPhoneDTO is a phone that can be rung without a code.
type LinkedPhoneDTO struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	CreatedAt int64  `json:"createdAt"`
}

// ClockDTO is the time that codes go by; Period is in seconds.
type ClockDTO struct {
	Now    int64 `json:"now"`
	Period int   `json:"period"`
}

// CreateAccountRequest asks for an account; an empty RPID is the default one.
type CreateAccountRequest struct {
	Alias    string   `json:"alias"`
	Email    string   `json:"email"`
	RPID     string   `json:"rpId"`
	Password Password `json:"password"`
}

// SignInRequest is the first factor.
type SignInRequest struct {
	Identity IdentityDTO `json:"identity"`
	Password Password    `json:"password"`
}

// TwoCodesRequest is two codes of a device that follow each other.
type TwoCodesRequest struct {
	ID     string `json:"id"`
	First  string `json:"first"`
	Second string `json:"second"`
}

// The second factors that can be chosen, besides the roads to a passkey.
const (
	wayCode     = "code"
	wayRecovery = "recovery"
)

func (a *API) signIn(s desk.SignIn) SignInDTO {
	ways := []string{}
	for _, road := range s.Roads {
		ways = append(ways, string(road))
	}
	if slices.ContainsFunc(s.Devices, func(d mfa.Device) bool { return d.Kind.HasCodes() }) {
		ways = append(ways, wayCode)
	}
	if s.RecoveryLeft > 0 {
		ways = append(ways, wayRecovery)
	}
	return SignInDTO{Complete: s.Complete, State: a.state(s.State), Ways: ways, Linked: each(s.Links, linkedPhone),
		Devices: each(s.Devices, func(d mfa.Device) WayDeviceDTO { return WayDeviceDTO{ID: d.ID, Name: d.Name, Kind: string(d.Kind)} })}
}

func linkedPhone(l mfa.LinkedPhone) LinkedPhoneDTO {
	return LinkedPhoneDTO{ID: l.ID, Name: l.Name, CreatedAt: millis(l.CreatedAt)}
}
