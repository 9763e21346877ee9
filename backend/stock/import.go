package stock

import (
	"context"
	"strconv"

	"github.com/keyferry/keyferry/backend/mfa"
)

// reportEvery is after how many sealed tokens progress is told.
const reportEvery = 250

// Import seals the seeds and puts the tokens into the stock, all or none, and wipes
// the preview when it is done. With onlyGood it leaves rows with a problem out. It
// gives how many there are. report, which may be nil, hears of the tokens that are
// sealed; the last call comes when they are stored.
//
// It fails with import-problems (params: count) when rows have problems and onlyGood
// is not set, or when no row is good (good=none); import-gone when the preview was wiped;
// serial-taken (params: serial) when such a device came since; vault-locked,
// cancelled, or as account.Service.May does. Nothing was imported then, and the
// preview is as it was, so that it can be tried again.
func (s *Service) Import(ctx context.Context, who mfa.Session, p *Preview, onlyGood bool, report func(done, total int)) (int, error) {
	acting, err := s.accounts.May(ctx, who, mfa.OpImportTokens, "")
	if err != nil {
		return 0, err
	}
	bad, total := p.Bad(), p.Good()
	switch {
	case total == 0:
		return 0, mfa.Fail(mfa.CodeImportProblems, "count", strconv.Itoa(bad), "good", "none")
	case bad > 0 && !onlyGood:
		return 0, mfa.Fail(mfa.CodeImportProblems, "count", strconv.Itoa(bad))
	}
	if report == nil {
		report = func(int, int) {}
	}
	devices, err := s.sealed(ctx, p, func(done int) { report(done, total) })
	if err != nil {
		return 0, err
	}
	e := mfa.Event{At: s.clock(), Kind: mfa.EventTokensImported, PrincipalID: acting.Caller.ID,
		Detail: map[string]string{"count": strconv.Itoa(total), "format": string(p.Format)}}
	if err := s.store.AddTokens(ctx, devices, e); err != nil {
		return 0, err
	}
	p.Wipe()
	report(total, total)
	return total, nil
}

// sealed makes a token in stock of each good row.
func (s *Service) sealed(ctx context.Context, p *Preview, report func(done int)) ([]mfa.Device, error) {
	now := s.clock()
	var devices []mfa.Device
	for i, r := range p.Rows {
		if r.Problem != nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, mfa.AsFailure(err)
		}
		id := mfa.NewID()
		seed, drift, err := p.sealed(s.vault, i, id)
		if err != nil {
			return nil, err
		}
		devices = append(devices, mfa.Device{ID: id, Kind: mfa.KindToken, Serial: r.Number(), CreatedAt: now, Version: 1,
			OneTime: &mfa.OneTime{Sealed: seed, Algorithm: string(r.Params.Algorithm), Digits: r.Params.Digits, Period: r.Params.Period,
				Drift: drift, Manufacturer: r.Manufacturer, Model: r.Model}})
		if len(devices)%reportEvery == 0 {
			report(len(devices))
		}
	}
	return devices, nil
}

// sealed seals the seed of a row for the device that it becomes.
func (p *Preview) sealed(vault mfa.Sealer, row int, id string) (seed []byte, drift int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wiped {
		return nil, 0, mfa.Fail(mfa.CodeImportGone)
	}
	r := p.file.Rows[row]
	seed, err = vault.Seal(mfa.SealSeed, id, r.Seed)
	return seed, r.Drift, err
}
