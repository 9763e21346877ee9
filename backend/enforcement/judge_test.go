package enforcement

import (
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

var (
	noon     = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	passed   = noon.Add(-time.Hour)
	to       = noon.Add(time.Hour)
	settings = mfa.DefaultSettings()
	strict   = mfa.Settings{RootGraceDays: 35, RequireForUser: true, UserGraceDays: 7}
)

const day = 24 * time.Hour

func TestJudge(t *testing.T) {
	var (
		atOnce       = mfa.Settings{RequireForUser: true}
		passwordless = mfa.Settings{Passwordless: true, RequireForUser: true}
	)
	for _, row := range []struct {
		name     string
		settings mfa.Settings
		standing Standing
		want     Verdict
	}{
		{"root, first sign-in", settings, Standing{Kind: mfa.Root, HasPassword: true}, Verdict{Grace, NoDevice, noon.Add(35 * day)}},
		{"root, before the deadline", settings, Standing{Kind: mfa.Root, HasPassword: true, Deadline: to}, Verdict{Grace, NoDevice, to}},
		{"root, at the deadline", settings, Standing{Kind: mfa.Root, HasPassword: true, Deadline: noon}, Verdict{SetUp, NoDevice, noon}},
		{"root, after the deadline", settings, Standing{Kind: mfa.Root, HasPassword: true, Deadline: passed}, Verdict{SetUp, NoDevice, passed}},
		{"root, no grace", atOnce, Standing{Kind: mfa.Root, HasPassword: true}, Verdict{SetUp, NoDevice, noon}},
		{"root with a device, deadline over", settings, Standing{Kind: mfa.Root, HasPassword: true, Devices: 1, Usable: 1, Deadline: passed}, Verdict{State: Free, Reason: HasDevice}},
		{"root, one of two suspect", settings, Standing{Kind: mfa.Root, HasPassword: true, Devices: 2, Usable: 1, Deadline: passed}, Verdict{State: Free, Reason: HasDevice}},
		{"root, all suspect, no codes", settings, Standing{Kind: mfa.Root, HasPassword: true, Devices: 2, Deadline: to}, Verdict{State: Blocked, Reason: DevicesSuspect}},
		{"root, all suspect, codes, in time", settings, Standing{Kind: mfa.Root, HasPassword: true, Devices: 2, RecoveryLeft: 1, Deadline: to}, Verdict{Grace, DevicesSuspect, to}},
		{"root, all suspect, codes, too late", settings, Standing{Kind: mfa.Root, HasPassword: true, Devices: 2, RecoveryLeft: 1, Deadline: passed}, Verdict{SetUp, DevicesSuspect, passed}},
		{"root without a device needs no code", settings, Standing{Kind: mfa.Root, HasPassword: true, RecoveryLeft: 3, Deadline: to}, Verdict{Grace, NoDevice, to}},

		{"user, nothing required", settings, Standing{Kind: mfa.User, HasPassword: true}, Verdict{State: Free, Reason: NotRequired}},
		{"user, required no more", settings, Standing{Kind: mfa.User, HasPassword: true, Deadline: passed}, Verdict{State: Free, Reason: NotRequired}},
		{"user, first sign-in", strict, Standing{Kind: mfa.User, HasPassword: true}, Verdict{Grace, NoDevice, noon.Add(7 * day)}},
		{"user, longer grace now", strict, Standing{Kind: mfa.User, HasPassword: true, Deadline: passed}, Verdict{SetUp, NoDevice, passed}},
		{"user, no grace", atOnce, Standing{Kind: mfa.User, HasPassword: true}, Verdict{SetUp, NoDevice, noon}},
		{"user with a device, nothing required", settings, Standing{Kind: mfa.User, HasPassword: true, Devices: 1, Usable: 1}, Verdict{State: Free, Reason: HasDevice}},
		{"user, all suspect, nothing required", settings, Standing{Kind: mfa.User, HasPassword: true, Devices: 1}, Verdict{State: Blocked, Reason: DevicesSuspect}},

		{"no password", settings, Standing{Kind: mfa.User}, Verdict{State: Blocked, Reason: NoPassword}},
		{"no password, a passkey", settings, Standing{Kind: mfa.User, Devices: 1, Usable: 1, Alone: 1}, Verdict{State: Blocked, Reason: NoPassword}},
		{"no password, a key that was never asked who holds it", passwordless, Standing{Kind: mfa.User, Devices: 1, Usable: 1}, Verdict{State: Blocked, Reason: NoPassword}},
		{"no password, a passkey that may stand in", passwordless, Standing{Kind: mfa.User, Devices: 1, Usable: 1, Alone: 1}, Verdict{State: Free, Reason: HasDevice}},
		{"no password, an app", passwordless, Standing{Kind: mfa.User, Devices: 1, Usable: 1}, Verdict{State: Blocked, Reason: NoPassword}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := Judge(row.settings, row.standing, noon); got != row.want {
				t.Errorf("got %+v, want %+v", got, row.want)
			}
		})
	}
}

func TestOnlySetUpLimitsTheSession(t *testing.T) {
	for state, want := range map[State]mfa.Limit{Free: mfa.LimitNone, Grace: mfa.LimitNone, SetUp: mfa.LimitSetUpDevice, Blocked: mfa.LimitNone} {
		if got := (Verdict{State: state}).Limit(); got != want {
			t.Errorf("%s: %q, want %q", state, got, want)
		}
	}
}

// What a store gives back must be what was judged by.
func TestDeadlineSurvivesEveryStore(t *testing.T) {
	odd := time.Date(2026, 3, 28, 23, 59, 59, 999_999_999, time.FixedZone("", 2*3600))
	d, required := Deadline(settings, mfa.Root, odd)
	if !required || d.Location() != time.UTC || !d.Equal(d.Truncate(time.Second)) || d.Before(odd.Add(35*day-time.Second)) || d.After(odd.Add(35*day)) {
		t.Errorf("deadline %v, required %v", d, required)
	}
	if d, required := Deadline(settings, mfa.User, noon); required || !d.IsZero() {
		t.Errorf("users: deadline %v, required %v", d, required)
	}
}

func TestStandingOf(t *testing.T) {
	o := mfa.Overview{Kind: mfa.Root, HasPassword: true, Passkeys: 3, Apps: 1, Tokens: 1, Suspect: 2, SecondOnly: 1, RecoveryLeft: 4, MFADeadline: noon}
	want := Standing{Kind: mfa.Root, HasPassword: true, Devices: 5, Usable: 3, Alone: 0, RecoveryLeft: 4, Deadline: noon}
	if got := StandingOf(o); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestRehearseNamesTheWorstFirst(t *testing.T) {
	all := []mfa.Overview{
		{ID: "root", Kind: mfa.Root, HasPassword: true, MFADeadline: to},
		{ID: "free", Kind: mfa.User, HasPassword: true, Apps: 1},
		{ID: "late", Kind: mfa.User, HasPassword: true, MFADeadline: passed},
		{ID: "blocked", Kind: mfa.User},
		{ID: "late too", Kind: mfa.User, HasPassword: true, MFADeadline: passed},
	}
	var got []string
	for _, f := range Rehearse(strict, all, noon) {
		got = append(got, string(f.Verdict.State)+":"+f.Overview.ID)
	}
	want := []string{"blocked:blocked", "set-up:late", "set-up:late too", "grace:root", "free:free"}
	for i := range want {
		if len(got) != len(want) || got[i] != want[i] {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}
