package totp_test

import (
	"errors"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
)

// noon is the beginning of a step of 30 and of 60 seconds.
var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

const stepLength = 30 * time.Second

// at is the code that a token in time shows so many steps after noon.
func at(t testing.TB, steps int) string {
	t.Helper()
	code, err := totp.Code(seedOf(20), totp.Default, noon.Add(time.Duration(steps)*stepLength))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestVerify(t *testing.T) {
	here := totp.Default.Step(noon)
	for _, c := range []struct {
		name  string
		state totp.State
		code  string
		want  mfa.Code // "" for accepted
		drift int
	}{
		{"now", totp.State{}, at(t, 0), "", 0},
		{"one step late", totp.State{}, at(t, -1), "", -1},
		{"one step early", totp.State{}, at(t, 1), "", 1},
		{"two steps late", totp.State{}, at(t, -2), mfa.CodeCodeWrong, 0},
		{"two steps early", totp.State{}, at(t, 2), mfa.CodeCodeWrong, 0},
		{"around the drift", totp.State{Drift: -40}, at(t, -41), "", -41},
		{"now, but the token is elsewhere", totp.State{Drift: -40}, at(t, 0), mfa.CodeCodeWrong, 0},
		{"the last accepted one", totp.State{LastStep: here}, at(t, 0), mfa.CodeCodeUsed, 0},
		{"one before the last accepted one", totp.State{LastStep: here}, at(t, -1), mfa.CodeCodeUsed, 0},
		{"one after the last accepted one", totp.State{LastStep: here}, at(t, 1), "", 1},
		{"the last accepted one, an hour later", totp.State{LastStep: here - 120}, at(t, -120), mfa.CodeCodeUsed, 0},
		{"five digits", totp.State{}, "12345", mfa.CodeCodeFormat, 0},
		{"seven digits", totp.State{}, "1234567", mfa.CodeCodeFormat, 0},
		{"a blank", totp.State{}, "123 56", mfa.CodeCodeFormat, 0},
		{"a sign", totp.State{}, "+12345", mfa.CodeCodeFormat, 0},
		{"other digits", totp.State{}, "\u0661\u0662\u0663", mfa.CodeCodeFormat, 0},
		{"nothing", totp.State{}, "", mfa.CodeCodeFormat, 0},
		{"letters", totp.State{}, "abcdef", mfa.CodeCodeFormat, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := totp.Verify(seedOf(20), totp.Default, c.state, c.code, noon)
			if c.want != "" {
				if !mfa.IsCode(err, c.want) || got != (totp.Accepted{}) {
					t.Errorf("%+v, %v, want %s", got, err, c.want)
				}
				return
			}
			want := totp.Accepted{Step: here + int64(c.drift), Drift: c.drift, State: totp.State{Drift: c.drift, LastStep: here + int64(c.drift)}}
			if err != nil || got != want {
				t.Errorf("%+v, %v, want %+v", got, err, want)
			}
		})
	}
}

// Two steps next to each other do show the same code now and then. The later one
// must count, or the same digits would be good again.
func TestSameCodeOfTwoSteps(t *testing.T) {
	seed, p, code := seedOf(20), totp.Default, "911617"
	now := p.Start(910738) // it and the step before
	for _, when := range []time.Time{now, now.Add(-stepLength)} {
		if shown, err := totp.Code(seed, p, when); err != nil || shown != code {
			t.Fatalf("%s, %v", shown, err)
		}
	}
	got, err := totp.Verify(seed, p, totp.State{}, code, now.Add(-stepLength)) // the earlier of the two
	if err != nil || got.Step != p.Step(now) {
		t.Fatalf("%+v, %v, want step %d", got, err, p.Step(now))
	}
	if _, err := totp.Verify(seed, p, got.State, code, now); !mfa.IsCode(err, mfa.CodeCodeUsed) {
		t.Errorf("the same digits again: %v", err)
	}
	// and when the earlier one was accepted, in sight still or not any more
	for _, when := range []time.Time{now, now.Add(stepLength)} {
		if _, err := totp.Verify(seed, p, totp.State{LastStep: p.Step(now) - 1}, code, when); !mfa.IsCode(err, mfa.CodeCodeUsed) {
			t.Errorf("the digits of the last step at %v: %v", when, err)
		}
	}
}

func TestVerifyIsCheap(t *testing.T) {
	seed, code := seedOf(40), at(t, 5)
	if n := testing.AllocsPerRun(100, func() {
		_, _ = totp.Verify(seed, totp.Default, totp.State{LastStep: 1}, code, noon)
	}); n > 1+3 { // a wrong code makes a Failure
		t.Errorf("%v allocations", n)
	}
	good, err := totp.Code(seed, totp.Default, noon)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() {
		if _, err := totp.Verify(seed, totp.Default, totp.State{LastStep: 1}, good, noon); err != nil {
			t.Error(err)
		}
	}); n > 1 {
		t.Errorf("%v allocations for a good code", n)
	}
}

func BenchmarkVerify(b *testing.B) {
	for _, algorithm := range []totp.Algorithm{totp.SHA1, totp.SHA256, totp.SHA512} {
		b.Run(string(algorithm), func(b *testing.B) {
			p := totp.Default
			p.Algorithm = algorithm
			seed := seedOf(40)
			code, err := totp.Code(seed, p, noon)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := totp.Verify(seed, p, totp.State{LastStep: 1}, code, noon); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestVerifyPair(t *testing.T) {
	here := totp.Default.Step(noon)
	for _, c := range []struct {
		name          string
		state         totp.State
		first, second string
		window        int
		want          mfa.Code
		drift         int
	}{
		{"just shown", totp.State{}, at(t, -1), at(t, 0), totp.EnableWindow, "", 0},
		{"typed ahead", totp.State{}, at(t, 0), at(t, 1), totp.EnableWindow, "", 1},
		{"as far ahead as enabling goes", totp.State{}, at(t, 1), at(t, 2), totp.EnableWindow, "", 2},
		{"as late as enabling goes", totp.State{}, at(t, -3), at(t, -2), totp.EnableWindow, "", -2},
		{"too late for enabling", totp.State{}, at(t, -4), at(t, -3), totp.EnableWindow, mfa.CodeCodeClock, 0},
		{"resync", totp.State{}, at(t, -21), at(t, -20), totp.ResyncWindow, "", -20},
		{"too late for resync", totp.State{}, at(t, -22), at(t, -21), totp.ResyncWindow, mfa.CodeCodeClock, 0},
		{"resync around the drift", totp.State{Drift: -100}, at(t, -121), at(t, -120), totp.ResyncWindow, "", -120},
		{"resync of hardware", totp.State{}, at(t, 119), at(t, 120), totp.Default.HardwareResyncWindow(), "", 120},
		{"equal", totp.State{}, at(t, 0), at(t, 0), totp.EnableWindow, mfa.CodeCodesEqual, 0},
		{"equal and wrong", totp.State{}, "000000", "000000", totp.EnableWindow, mfa.CodeCodesEqual, 0},
		{"swapped", totp.State{}, at(t, 0), at(t, -1), totp.EnableWindow, mfa.CodeCodesSwapped, 0},
		{"a gap", totp.State{}, at(t, -2), at(t, 0), totp.EnableWindow, mfa.CodeCodesGap, 0},
		{"a gap, swapped", totp.State{}, at(t, 0), at(t, -2), totp.EnableWindow, mfa.CodeCodesGap, 0},
		{"first used", totp.State{LastStep: here - 1}, at(t, -1), at(t, 0), totp.EnableWindow, mfa.CodeCodeUsed, 0},
		{"both used", totp.State{LastStep: here}, at(t, -1), at(t, 0), totp.EnableWindow, mfa.CodeCodeUsed, 0},
		{"after the last one", totp.State{LastStep: here - 2}, at(t, -1), at(t, 0), totp.EnableWindow, "", 0},
		{"only the first is right", totp.State{}, at(t, 0), "000000", totp.EnableWindow, mfa.CodeCodeWrong, 0},
		{"only the second is right", totp.State{}, "000000", at(t, 0), totp.EnableWindow, mfa.CodeCodeWrong, 0},
		{"first is no code", totp.State{}, "", at(t, 0), totp.EnableWindow, mfa.CodeCodeFormat, 0},
		{"second is no code", totp.State{}, at(t, 0), "12345x", totp.EnableWindow, mfa.CodeCodeFormat, 0},
		{"two hours behind", totp.State{}, at(t, -241), at(t, -240), totp.EnableWindow, mfa.CodeCodeClock, 0},
		{"a day ahead", totp.State{}, at(t, 2879), at(t, 2880), totp.EnableWindow, mfa.CodeCodeClock, 0},
		{"over a day ahead", totp.State{}, at(t, 2880), at(t, 2881), totp.EnableWindow, mfa.CodeCodeWrong, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := totp.VerifyPair(seedOf(20), totp.Default, c.state, c.first, c.second, c.window, noon)
			if c.want != "" {
				if !mfa.IsCode(err, c.want) || got != (totp.Accepted{}) {
					t.Errorf("%+v, %v, want %s", got, err, c.want)
				}
				return
			}
			step := here + int64(c.drift)
			if want := (totp.Accepted{Step: step, Drift: c.drift, State: totp.State{Drift: c.drift, LastStep: step}}); err != nil || got != want {
				t.Errorf("%+v, %v, want %+v", got, err, want)
			}
		})
	}
}

func TestEnablingCodesNeverSignIn(t *testing.T) {
	enabled, err := totp.VerifyPair(seedOf(20), totp.Default, totp.State{}, at(t, -1), at(t, 0), totp.EnableWindow, noon)
	if err != nil {
		t.Fatal(err)
	}
	for _, steps := range []int{-1, 0} {
		if _, err := totp.Verify(seedOf(20), totp.Default, enabled.State, at(t, steps), noon); !mfa.IsCode(err, mfa.CodeCodeUsed) {
			t.Errorf("the code of step %d: %v", steps, err)
		}
	}
	// nor after the clock was turned back
	if _, err := totp.Verify(seedOf(20), totp.Default, enabled.State, at(t, -1), noon.Add(-stepLength)); !mfa.IsCode(err, mfa.CodeCodeUsed) {
		t.Errorf("clock turned back: %v", err)
	}
	if _, err := totp.Verify(seedOf(20), totp.Default, enabled.State, at(t, 1), noon.Add(stepLength)); err != nil {
		t.Errorf("the next code: %v", err)
	}
}

func TestExplain(t *testing.T) {
	for _, c := range []struct {
		name            string
		steps           int
		now             time.Time
		codes, computer string
	}{
		{"time zone", -240, noon.Add(-2*time.Hour - 18*time.Minute), "07:42 UTC", "09:42 UTC"},
		{"over midnight", 60, noon.Add(11*time.Hour + 45*time.Minute), "2026-03-05 00:15 UTC", "2026-03-04 23:45 UTC"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code := func(step int) string {
				code, err := totp.Code(seedOf(20), totp.Default, c.now.Add(time.Duration(step)*stepLength))
				if err != nil {
					t.Fatal(err)
				}
				return code
			}
			first, second := code(c.steps-1), code(c.steps)
			_, err := totp.VerifyPair(seedOf(20), totp.Default, totp.State{}, first, second, totp.EnableWindow, c.now)
			var f *mfa.Failure
			if !errors.As(err, &f) || f.Code != mfa.CodeCodeClock || f.Params["codes"] != c.codes || f.Params["computer"] != c.computer {
				t.Fatalf("%v: %v", err, f.Params)
			}
			offset := time.Duration(c.steps) * stepLength
			if f.Params["offset"] != offset.String() {
				t.Errorf("offset %s, want %s", f.Params["offset"], offset)
			}
			e, ok := totp.Explain(seedOf(20), totp.Default, first, second, c.now)
			if !ok || e.Offset != offset || !e.Codes.Equal(c.now.Add(offset)) || !e.Computer.Equal(c.now) {
				t.Errorf("%+v, %v", e, ok)
			}
		})
	}
	if _, ok := totp.Explain(seedOf(20), totp.Default, at(t, 0), at(t, 0), noon); ok {
		t.Error("equal codes are explained")
	}
	if _, ok := totp.Explain(seedOf(20), totp.Default, "000000", "000001", noon); ok {
		t.Error("codes of nowhere are explained")
	}
}

func TestOtherParams(t *testing.T) {
	p := totp.Params{Algorithm: totp.SHA512, Digits: 8, Period: time.Minute}
	seed := seedOf(64)
	code := func(minutes int) string {
		c, err := totp.Code(seed, p, noon.Add(time.Duration(minutes)*time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	got, err := totp.VerifyPair(seed, p, totp.State{}, code(-60), code(-59), p.HardwareResyncWindow(), noon)
	if err != nil || got.Drift != -59 {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := totp.Verify(seed, p, got.State, code(-58), noon.Add(time.Minute)); err != nil {
		t.Error(err)
	}
}
