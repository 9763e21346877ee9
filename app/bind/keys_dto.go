package bind

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/keys"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/simkey"
)

// KeyDTO is a security key that is there now. With Trouble nothing else is known.
type KeyDTO struct {
	ID             string      `json:"id"`
	Name           string      `json:"name"`
	Way            string      `json:"way"`
	Trouble        *FailureDTO `json:"trouble"`
	Model          string      `json:"model"`
	AAGUID         string      `json:"aaguid"`
	Versions       []string    `json:"versions"`
	PIN            string      `json:"pin"`
	Left           int         `json:"left"`
	MinPIN         int         `json:"minPin"`
	MaxPIN         int         `json:"maxPin"`
	MustChangePIN  bool        `json:"mustChangePin"`
	Biometric      bool        `json:"biometric"`
	Passkeys       bool        `json:"passkeys"`
	Management     bool        `json:"management"`
	Room           int         `json:"room"`
	Extensions     []string    `json:"extensions"`
	Transports     []string    `json:"transports"`
	Certifications []FactDTO   `json:"certifications"`
}

// KeyPINRequest sets a PIN; an empty Old is a first one.
type KeyPINRequest struct {
	ID  string   `json:"id"`
	Old Password `json:"old"`
	New Password `json:"new"`
}

// KeyPasskeysRequest asks for what is on a key.
type KeyPasskeysRequest struct {
	ID  string   `json:"id"`
	PIN Password `json:"pin"`
}

// KeyPasskeyRequest names one passkey on a key.
type KeyPasskeyRequest struct {
	ID      string `json:"id"`
	Passkey string `json:"passkey"`
}

// KeyPasskeyDTO is a passkey on a key. Device is the name of this account's device that
// it is, or empty.
type KeyPasskeyDTO struct {
	ID          string `json:"id"`
	RPID        string `json:"rpId"`
	RPName      string `json:"rpName"`
	User        string `json:"user"`
	DisplayName string `json:"displayName"`
	Device      string `json:"device"`
}

// SimKeyDTO is what can be seen of the sandbox's security key.
type SimKeyDTO struct {
	Model    string   `json:"model"`
	Models   []string `json:"models"`
	Plugged  bool     `json:"plugged"`
	Waiting  bool     `json:"waiting"`
	Op       string   `json:"op"`
	RPID     string   `json:"rpId"`
	Passkeys int      `json:"passkeys"`
	PINSet   bool     `json:"pinSet"`
}

// key converts; model names the key by the metadata, and gives nothing where they do not.
func (a *API) key(model func(keys.Key) string) func(keys.Key) KeyDTO {
	return func(k keys.Key) KeyDTO {
		dto := KeyDTO{ID: k.ID, Name: k.Name, Way: k.Way, Trouble: failure(k.Trouble), Versions: []string{}, PIN: string(cmp.Or(k.PIN, keys.PINNone)),
			Left: k.Left, Room: -1, Extensions: []string{}, Transports: []string{}, Certifications: []FactDTO{}}
		if k.Trouble != nil {
			return dto
		}
		i := k.Info
		dto.Model, dto.AAGUID = cmp.Or(model(k), a.c.Pictures.Provider(i.AAGUID)), i.AAGUID.String()
		dto.Versions, dto.Extensions, dto.Transports = listOf(i.Versions), listOf(i.Extensions), listOf(i.Transports)
		dto.MinPIN, dto.MaxPIN = i.PINLength()
		dto.MustChangePIN = i.ForcePINChange != nil && *i.ForcePINChange
		dto.Biometric = i.IsOn(ctap2.OptionUserVerification)
		dto.Passkeys, dto.Management = i.IsOn(ctap2.OptionResidentKey), k.CanList()
		if n := i.RemainingDiscoverableCredentials; n != nil && *n < 1<<16 {
			dto.Room = int(*n)
		}
		for _, name := range slices.Sorted(maps.Keys(i.Certifications)) {
			dto.Certifications = append(dto.Certifications, FactDTO{Name: name, Values: []string{strconv.FormatUint(i.Certifications[name], 10)}})
		}
		return dto
	}
}

// modelIn asks the metadata of a house.
func (a *API) modelIn(house *desk.House) func(keys.Key) string {
	return func(k keys.Key) string { return house.Model(a.c.Context, k) }
}

func listOf(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func keyPasskey(mine []mfa.Device) func(keys.Passkey) KeyPasskeyDTO {
	return func(p keys.Passkey) KeyPasskeyDTO {
		dto := KeyPasskeyDTO{ID: hex.EncodeToString(p.ID), RPID: p.RPID, RPName: p.RPName, User: p.User, DisplayName: p.FullName}
		for _, d := range mine {
			if d.Passkey != nil && bytes.Equal(d.Passkey.ID, p.ID) {
				dto.Device = d.Name
			}
		}
		return dto
	}
}

func simKey(s simkey.State) SimKeyDTO {
	return SimKeyDTO{Model: string(s.Model), Models: each(s.Models, text[simkey.Model]), Plugged: s.Plugged, Waiting: s.Waiting, Op: s.Op,
		RPID: s.RPID, Passkeys: s.Passkeys, PINSet: s.PINSet}
}
