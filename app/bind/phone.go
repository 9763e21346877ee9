package bind

import (
	"context"
	"encoding/base64"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/phonesim"
)

// maxPicture bounds the base64 text of a picture: an uncompressed 4K screen
// would not pass, a PNG of one does.
const maxPicture = 16 << 20

// ScanWithSimulatedPhone lets the simulated phone read a PNG, base64 encoded.
func (a *API) ScanWithSimulatedPhone(png string) (SimPhoneDTO, error) {
	return call(a, func(ctx context.Context, b Backend) (SimPhoneDTO, error) {
		if len(png) > maxPicture {
			return SimPhoneDTO{}, mfa.Fail(mfa.CodePictureUnreadable)
		}
		picture, err := base64.StdEncoding.DecodeString(png)
		if err != nil {
			return SimPhoneDTO{}, mfa.Fail(mfa.CodePictureUnreadable).Because(err)
		}
		s, err := b.ScanWithSimulatedPhone(ctx, picture)
		return phone(s), err
	})
}

// AnswerSimulatedPhone presses Approve or Decline on it.
func (a *API) AnswerSimulatedPhone(approve bool) error {
	return run(a, func(_ context.Context, b Backend) error { return b.AnswerSimulatedPhone(approve) })
}

// SetSimulatedPhone chooses what it does next.
func (a *API) SetSimulatedPhone(req SetPhoneRequest) (SimPhoneDTO, error) {
	return call(a, func(_ context.Context, b Backend) (SimPhoneDTO, error) {
		s, err := b.SetSimulatedPhone(phonesim.Behaviour(req.Behaviour), phonesim.Model(req.Model))
		return phone(s), err
	})
}

// SimulatedPhone is what it shows now.
func (a *API) SimulatedPhone() (SimPhoneDTO, error) {
	return look(a, func(_ context.Context, b Backend) (SimPhoneDTO, error) {
		s, err := b.SimulatedPhone()
		return phone(s), err
	})
}

// SimPhoneDTO is what the simulated phone's screen shows.
type SimPhoneDTO struct {
	State      string      `json:"state"`
	Model      string      `json:"model"`
	Behaviour  string      `json:"behaviour"`
	Behaviours []string    `json:"behaviours"`
	Op         string      `json:"op"`
	RPID       string      `json:"rpId"`
	Account    string      `json:"account"`
	Failure    *FailureDTO `json:"failure"`
	Name       string      `json:"name"`
}

// SetPhoneRequest chooses what the simulated phone does next.
type SetPhoneRequest struct {
	Behaviour string `json:"behaviour"`
	Model     string `json:"model"`
}

func phone(s phonesim.State) SimPhoneDTO {
	return SimPhoneDTO{State: string(s.Phase), Model: string(s.Model), Behaviour: string(s.Behaviour),
		Behaviours: each(phonesim.Behaviours(), text[phonesim.Behaviour]), Op: s.Op, RPID: s.RPID, Account: s.Account,
		Failure: failure(s.Failure), Name: s.Name}
}
