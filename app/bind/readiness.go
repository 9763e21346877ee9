package bind

import (
	"context"

	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/readiness"
)

// Readiness says what this computer can do, way by way. It may take three seconds.
func (a *API) Readiness() (ReadinessDTO, error) {
	return seated(a, func(ctx context.Context, h *desk.House, _ mfa.Session) (ReadinessDTO, error) {
		o, err := checking(ctx, h)
		if err != nil {
			return ReadinessDTO{}, err
		}
		o.Online = !h.Sandbox
		return ready(h.Readiness.Check(ctx, o)), nil
	})
}

// checking is how this computer is asked without the network: a clock before the latest
// time in the trail is wrong.
func checking(ctx context.Context, h *desk.House) (readiness.Options, error) {
	newest, err := h.Store.HighestTime(ctx)
	return readiness.Options{NotBefore: newest}, err
}

// ReadinessDTO is what this computer can do.
type ReadinessDTO struct {
	At      int64       `json:"at"`
	Ladders []LadderDTO `json:"ladders"`
	Machine []FactDTO   `json:"machine"`
	System  string      `json:"system"`
}

// LadderDTO is what one way needs. Documented is what AWS says about it on this system.
type LadderDTO struct {
	Way        string        `json:"way"`
	State      string        `json:"state"`
	Rungs      []RungDTO     `json:"rungs"`
	Documented DocumentedDTO `json:"documented"`
}

// RungDTO is one thing that a way needs; its words are those of ID and Params.
type RungDTO struct {
	ID      string            `json:"id"`
	State   string            `json:"state"`
	Params  map[string]string `json:"params"`
	Failure *FailureDTO       `json:"failure"`
}

// DocumentedDTO is what the guide of AWS says of a way on this system.
type DocumentedDTO struct {
	Support  string   `json:"support"`
	Browsers []string `json:"browsers"`
	Note     string   `json:"note"`
}

func ready(r readiness.Report) ReadinessDTO {
	dto := ReadinessDTO{At: millis(r.At), System: r.System, Machine: each(r.Machine, func(f readiness.Fact) FactDTO { return FactDTO{Name: f.Name, Values: []string{f.Value}} })}
	compared := r.Compare()
	for i, l := range r.Ladders {
		d := compared[i]
		dto.Ladders = append(dto.Ladders, LadderDTO{Way: string(l.Way), State: string(l.State), Rungs: each(l.Rungs, rung),
			Documented: DocumentedDTO{Support: string(d.Support), Browsers: listOf(d.Browsers), Note: d.Note}})
	}
	return dto
}

func rung(r readiness.Rung) RungDTO {
	params := r.Params
	if params == nil {
		params = map[string]string{}
	}
	return RungDTO{ID: r.ID, State: string(r.State), Params: params, Failure: failure(r.Failure)}
}
