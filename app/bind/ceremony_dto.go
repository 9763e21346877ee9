package bind

import (
	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
)

// CeremonyDTO is the running ceremony, or the last one.
type CeremonyDTO struct {
	ID        int             `json:"id"`
	Purpose   string          `json:"purpose"`
	Name      string          `json:"name"`
	Stage     string          `json:"stage"`
	Reached   []string        `json:"reached"`
	QR        *QRDTO          `json:"qr"`
	Until     int64           `json:"until"`
	Radio     string          `json:"radio"`
	Signal    int             `json:"signal"`
	Road      string          `json:"road"`
	Sightings []SightingDTO   `json:"sightings"`
	Keys      int             `json:"keys"`
	Key       string          `json:"key"`
	Trouble   *FailureDTO     `json:"trouble"`
	PIN       *PINAskDTO      `json:"pin"`
	Accounts  *AccountsAskDTO `json:"accounts"`
	Candidate *CandidateDTO   `json:"candidate"`
	Device    *DeviceDTO      `json:"device"`
	State     *StateDTO       `json:"state"`
	Failure   *FailureDTO     `json:"failure"`
}

// SightingDTO is one advert that looked like a phone's.
type SightingDTO struct {
	At      int64 `json:"at"`
	Length  int   `json:"length"`
	Signal  int   `json:"signal"`
	Matched bool  `json:"matched"`
}

// PINAskDTO is a question for a PIN; Left is -1 when it is not known.
type PINAskDTO struct {
	For    string `json:"for"`
	Key    string `json:"key"`
	Local  bool   `json:"local"`
	Min    int    `json:"min"`
	Max    int    `json:"max"`
	Left   int    `json:"left"`
	Wrong  bool   `json:"wrong"`
	Replug bool   `json:"replug"`
}

// AccountsAskDTO is the question whose passkey it shall be.
type AccountsAskDTO struct {
	ID       int               `json:"id"`
	Key      string            `json:"key"`
	Local    bool              `json:"local"`
	Accounts []FoundAccountDTO `json:"accounts"`
}

// FoundAccountDTO is one passkey of several, as its authenticator tells of it.
type FoundAccountDTO struct {
	Name     string `json:"name"`
	FullName string `json:"fullName"`
	Mark     string `json:"mark"`
}

// ChooseAccountRequest answers: Account is an index into the question's list.
type ChooseAccountRequest struct {
	Question int `json:"question"`
	Account  int `json:"account"`
}

// QRDTO is a code's modules without the quiet zone.
type QRDTO struct {
	Size int      `json:"size"`
	Rows []string `json:"rows"`
}

// CandidateDTO is a passkey that the person has not accepted yet.
type CandidateDTO struct {
	Provider string    `json:"provider"`
	AAGUID   string    `json:"aaguid"`
	Synced   bool      `json:"synced"`
	OnPhone  bool      `json:"onPhone"`
	Trust    *TrustDTO `json:"trust"`
}

// NewAppDTO is an authenticator app that is being added. It holds no secret.
type NewAppDTO struct {
	Device DeviceDTO `json:"device"`
	Label  string    `json:"label"`
	Issuer string    `json:"issuer"`
}

// EnrolmentRequest names a device that is to be added; PrincipalID is empty for
// oneself.
type EnrolmentRequest struct {
	Name        string `json:"name"`
	PrincipalID string `json:"principalId"`
}

// PasskeyRequest names a passkey device that is to be added, and the road to it.
type PasskeyRequest struct {
	Name        string `json:"name"`
	PrincipalID string `json:"principalId"`
	Road        string `json:"road"`
}

// PhoneSignInRequest starts the second factor; LinkedID is empty for a code.
type PhoneSignInRequest struct {
	LinkedID string `json:"linkedId"`
}

// ceremony converts; it fails only when the code cannot be drawn.
func (a *API) ceremony(c desk.Ceremony) (CeremonyDTO, error) {
	out := CeremonyDTO{
		ID:        c.ID,
		Purpose:   string(c.Purpose),
		Name:      c.Name,
		Stage:     string(c.Stage),
		Reached:   each(c.Reached, text[mfa.Stage]),
		Until:     millis(c.Until),
		Radio:     c.Radio,
		Signal:    c.Signal,
		Road:      string(c.Road),
		Sightings: each(c.Sightings, sighting),
		Keys:      c.Keys,
		Key:       c.Key,
		Trouble:   failure(c.Trouble),
		PIN:       maybe(c.PIN, pinAsk),
		Accounts:  maybe(c.Accounts, accountsAsk),
		Candidate: maybe(c.Candidate, candidate),
		State:     maybe(c.State, a.state),
		Failure:   failure(c.Failure),
	}
	if c.Device != nil {
		var s desk.State
		if c.State != nil {
			s = *c.State
		}
		out.Device = maybe(c.Device, a.device(rpID(s)))
	}
	if c.QR != "" {
		qr, err := a.draw(c.QR)
		if err != nil {
			return CeremonyDTO{}, err
		}
		out.QR = &qr
	}
	return out, nil
}

func sighting(s desk.Sighting) SightingDTO {
	return SightingDTO{At: millis(s.At), Length: s.Length, Signal: s.Signal, Matched: s.Matched}
}

func pinAsk(p mfa.PINAsk) PINAskDTO {
	return PINAskDTO{For: string(p.For), Key: p.Key, Local: p.Local, Min: p.Min, Max: p.Max, Left: p.Left, Wrong: p.Wrong, Replug: p.Replug}
}

func accountsAsk(q desk.AccountsQuestion) AccountsAskDTO {
	return AccountsAskDTO{ID: q.ID, Key: q.Key, Local: q.Local, Accounts: each(q.Accounts, func(f mfa.FoundAccount) FoundAccountDTO {
		return FoundAccountDTO{Name: f.Name, FullName: f.FullName, Mark: f.Mark}
	})}
}

func candidate(c ceremony.Candidate) CandidateDTO {
	trust := trustOf(c.Trust)
	return CandidateDTO{Provider: c.Provider, AAGUID: c.AAGUID.String(), Synced: c.Synced, OnPhone: c.OnPhone, Trust: &trust}
}

func (a *API) draw(text string) (QRDTO, error) {
	rows, err := a.c.Pictures.Draw(text)
	return QRDTO{Size: len(rows), Rows: rows}, err
}
