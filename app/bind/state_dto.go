package bind

import (
	goruntime "runtime"

	"github.com/keyferry/keyferry/backend/desk"
	"github.com/keyferry/keyferry/backend/enforcement"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/vault"
)

// StateDTO is where the person is.
type StateDTO struct {
	Phase        string       `json:"phase"`
	Sandbox      bool         `json:"sandbox"`
	HasSandbox   bool         `json:"hasSandbox"`
	Account      *AccountDTO  `json:"account"`
	Session      *SessionDTO  `json:"session"`
	Failure      *FailureDTO  `json:"failure"`
	Version      string       `json:"version"`
	System       string       `json:"system"`
	LastIdentity *IdentityDTO `json:"lastIdentity"`
	Backups      []string     `json:"backups"`
	Vault        *VaultDTO    `json:"vault"`
	Ended        string       `json:"ended"`
}

// AccountDTO is the open account.
type AccountDTO struct {
	ID       string      `json:"id"`
	Alias    string      `json:"alias"`
	RPID     string      `json:"rpId"`
	Frozen   bool        `json:"frozen"`
	Sandbox  bool        `json:"sandbox"`
	Version  int64       `json:"version"`
	Settings SettingsDTO `json:"settings"`
}

// SettingsDTO are the rules of the account.
type SettingsDTO struct {
	RootGraceDays     int              `json:"rootGraceDays"`
	RequireForUsers   bool             `json:"requireForUsers"`
	UserGraceDays     int              `json:"userGraceDays"`
	Passwordless      bool             `json:"passwordless"`
	IdleMinutes       int              `json:"idleMinutes"`
	RuleOutHello      bool             `json:"ruleOutHello"`
	NewUsersAnyDevice bool             `json:"newUsersAnyDevice"`
	Passwords         PasswordRulesDTO `json:"passwords"`
}

// PasswordRulesDTO is the password policy.
type PasswordRulesDTO struct {
	MinLength int  `json:"minLength"`
	Upper     bool `json:"upper"`
	Lower     bool `json:"lower"`
	Digit     bool `json:"digit"`
	Symbol    bool `json:"symbol"`
}

// IdentityDTO is what somebody types to say who they are.
type IdentityDTO struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// SessionDTO is who is signed in.
type SessionDTO struct {
	PrincipalID   string     `json:"principalId"`
	Principal     string     `json:"principal"`
	Kind          string     `json:"kind"`
	Administrator bool       `json:"administrator"`
	StartedAt     int64      `json:"startedAt"`
	MFAAt         int64      `json:"mfaAt"`
	MFAPresent    bool       `json:"mfaPresent"`
	Device        string     `json:"device"`
	Recovered     bool       `json:"recovered"`
	Limit         string     `json:"limit"`
	Verdict       VerdictDTO `json:"verdict"`
}

// VerdictDTO is what enforcement says about somebody.
type VerdictDTO struct {
	State    string `json:"state"`
	Reason   string `json:"reason"`
	Deadline int64  `json:"deadline"`
}

// VaultDTO says whether secrets can be sealed and opened.
type VaultDTO struct {
	State  string    `json:"state"`
	System string    `json:"system"`
	Store  string    `json:"store"`
	Slots  []SlotDTO `json:"slots"`
}

// SlotDTO is one way to the data key.
type SlotDTO struct {
	ID        string `json:"id"`
	Kind      string `json:"kind"`
	CreatedAt int64  `json:"createdAt"`
}

func (a *API) state(s desk.State) StateDTO {
	return StateDTO{
		Phase:        string(s.Phase),
		Sandbox:      s.Sandbox,
		HasSandbox:   s.HasSandbox,
		Account:      maybe(s.Account, accountOf),
		Session:      maybe(s.Person, session),
		Failure:      failure(s.Failure),
		Version:      a.c.Version,
		System:       goruntime.GOOS,
		LastIdentity: maybe(s.LastIdentity, identity),
		Backups:      each(s.Backups, text[string]),
		Vault:        maybe(s.Vault, vaultOf),
		Ended:        string(s.Ended),
	}
}

func accountOf(a mfa.Account) AccountDTO {
	return AccountDTO{ID: a.ID, Alias: a.Alias, RPID: a.RPID, Frozen: !a.FrozenAt.IsZero(), Sandbox: a.Sandbox, Version: a.Version,
		Settings: settings(a.Settings)}
}

func settings(s mfa.Settings) SettingsDTO {
	return SettingsDTO{RootGraceDays: s.RootGraceDays, RequireForUsers: s.RequireForUser, UserGraceDays: s.UserGraceDays,
		Passwordless: s.Passwordless, IdleMinutes: s.IdleMinutes, RuleOutHello: s.RuleOutHello, NewUsersAnyDevice: s.NewUsersAnyDevice,
		Passwords: PasswordRulesDTO(s.Passwords)}
}

func (s SettingsDTO) domain() mfa.Settings {
	return mfa.Settings{RootGraceDays: s.RootGraceDays, RequireForUser: s.RequireForUsers, UserGraceDays: s.UserGraceDays,
		Passwordless: s.Passwordless, IdleMinutes: s.IdleMinutes, RuleOutHello: s.RuleOutHello, NewUsersAnyDevice: s.NewUsersAnyDevice,
		Passwords: mfa.PasswordRules(s.Passwords)}
}

func session(p desk.Person) SessionDTO {
	s := p.Session
	return SessionDTO{PrincipalID: s.PrincipalID, Principal: p.Principal.Label(), Kind: string(p.Principal.Kind), Administrator: p.Administrator,
		StartedAt: millis(s.StartedAt), MFAAt: millis(s.MFAAt), MFAPresent: s.MFAPresent(), Device: p.Device,
		Recovered: !s.RecoveredAt.IsZero(), Limit: string(s.Limit), Verdict: verdict(p.Verdict)}
}

func verdict(v enforcement.Verdict) VerdictDTO {
	return VerdictDTO{State: string(v.State), Reason: string(v.Reason), Deadline: millis(v.Deadline)}
}

func identity(i mfa.Identity) IdentityDTO { return IdentityDTO{Kind: string(i.Kind), Name: i.Name} }

func (i IdentityDTO) domain() mfa.Identity {
	return mfa.Identity{Kind: mfa.PrincipalKind(i.Kind), Name: i.Name}
}

func vaultOf(s vault.State) VaultDTO {
	system := s.System
	if s.Store == mfa.CodeVaultNoStore {
		system = "" // it has a name, and is not here
	}
	return VaultDTO{State: string(s.Status), System: system, Store: string(s.Store), Slots: each(s.Slots, func(k mfa.KeySlot) SlotDTO {
		return SlotDTO{ID: k.ID, Kind: string(k.Kind), CreatedAt: millis(k.CreatedAt)}
	})}
}
