package bind

import (
	"fmt"
	"maps"
	goruntime "runtime"
	"time"

	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/phonesim"
)

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// each converts a list; the result is never nil, so that the page gets [].
func each[S, D any](list []S, convert func(S) D) []D {
	out := make([]D, 0, len(list))
	for _, item := range list {
		out = append(out, convert(item))
	}
	return out
}

// maybe converts what may be absent.
func maybe[S, D any](p *S, convert func(S) D) *D {
	if p == nil {
		return nil
	}
	d := convert(*p)
	return &d
}

func text[S ~string](s S) string { return string(s) }

func failure(f *mfa.Failure) *FailureDTO {
	if f == nil {
		return nil
	}
	params := maps.Clone(f.Params)
	if params == nil {
		params = map[string]string{}
	}
	return &FailureDTO{Code: string(f.Code), Category: string(f.Category()), Next: string(f.Next()), Params: params, Detail: f.Explain()}
}

func (a *API) state(s desk.State) StateDTO {
	return StateDTO{
		Phase:        string(s.Phase),
		Sandbox:      s.Sandbox,
		HasSandbox:   s.HasSandbox,
		Account:      maybe(s.Account, accountOf),
		Session:      session(s),
		Failure:      failure(s.Failure),
		Version:      a.c.Version,
		System:       goruntime.GOOS,
		LastIdentity: maybe(s.LastIdentity, identity),
		Backups:      each(s.Backups, text[string]),
	}
}

func accountOf(a mfa.Account) AccountDTO {
	return AccountDTO{ID: a.ID, Alias: a.Alias, RPID: a.RPID, Frozen: !a.FrozenAt.IsZero(), Sandbox: a.Sandbox}
}

func session(s desk.State) *SessionDTO {
	if s.Session == nil || s.Principal == nil {
		return nil
	}
	return &SessionDTO{Principal: s.Principal.Label(), Kind: string(s.Principal.Kind), StartedAt: millis(s.Session.StartedAt),
		MFAAt: millis(s.Session.MFAAt), MFAPresent: s.Session.MFAPresent(), Device: s.Device}
}

func identity(i mfa.Identity) IdentityDTO { return IdentityDTO{Kind: string(i.Kind), Name: i.Name} }

func (i IdentityDTO) domain() mfa.Identity {
	return mfa.Identity{Kind: mfa.PrincipalKind(i.Kind), Name: i.Name}
}

func (a *API) device(rpID string) func(mfa.Device) DeviceDTO {
	return func(d mfa.Device) DeviceDTO {
		out := DeviceDTO{ID: d.ID, Version: d.Version, Name: d.Name, Kind: string(d.Kind), AddedAt: millis(d.EnabledAt),
			LastUsedAt: millis(d.LastUsedAt), SuspectAt: millis(d.SuspectAt), Serial: d.Serial, RPID: rpID, Transports: []string{}}
		if c := d.Passkey; c != nil {
			out.Provider, out.AAGUID = a.c.Pictures.Provider(c.AAGUID), c.AAGUID.String()
			out.Synced, out.OnPhone, out.UserVerified = c.IsSynced(), c.OnPhone(), c.UserVerified
			out.Algorithm, out.Attestation, out.SignCount = algorithm(c.Algorithm), c.AttestationFormat, c.SignCount
			out.Transports = each(c.Transports, text[string])
		}
		return out
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

func linkedPhone(l mfa.LinkedPhone) LinkedPhoneDTO {
	return LinkedPhoneDTO{ID: l.ID, Name: l.Name, CreatedAt: millis(l.CreatedAt)}
}

func (a *API) signIn(s desk.SignIn) SignInDTO {
	ways := []string{}
	if !s.Complete {
		ways = append(ways, wayPhone)
	}
	return SignInDTO{Complete: s.Complete, State: a.state(s.State), Ways: ways,
		Devices: each(s.Devices, func(d mfa.Device) string { return d.Name }), Linked: each(s.Links, linkedPhone)}
}

// wayPhone is the one second factor there is.
const wayPhone = "phone"

// ceremony converts; it fails only when the code cannot be drawn.
func (a *API) ceremony(c desk.Ceremony) (CeremonyDTO, error) {
	out := CeremonyDTO{
		ID:      c.ID,
		Purpose: string(c.Purpose),
		Name:    c.Name,
		Stage:   string(c.Stage),
		Reached: each(c.Reached, text[mfa.Stage]),
		Until:   millis(c.Until),
		Radio:   c.Radio,
		Signal:  c.Signal,
		State:   maybe(c.State, a.state),
		Failure: failure(c.Failure),
	}
	if k := c.Candidate; k != nil {
		out.Candidate = &CandidateDTO{Provider: k.Provider, AAGUID: k.AAGUID.String(), Synced: k.Synced, OnPhone: k.OnPhone}
	}
	out.Device = maybe(c.Device, a.device(ceremonyRPID(c)))
	if c.QR != "" {
		rows, err := a.c.Pictures.Draw(c.QR)
		if err != nil {
			return CeremonyDTO{}, err
		}
		out.QR = &QRDTO{Size: len(rows), Rows: rows}
	}
	return out, nil
}

func ceremonyRPID(c desk.Ceremony) string {
	if c.State != nil && c.State.Account != nil {
		return c.State.Account.RPID
	}
	return ""
}

func phone(s phonesim.State) SimPhoneDTO {
	return SimPhoneDTO{State: string(s.Phase), Model: string(s.Model), Behaviour: string(s.Behaviour),
		Behaviours: each(phonesim.Behaviours(), text[phonesim.Behaviour]), Op: s.Op, RPID: s.RPID, Account: s.Account,
		Failure: failure(s.Failure), Name: s.Name}
}
