package totp_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/totp"
)

func TestDiagnose(t *testing.T) {
	o := func(device string, seconds int) totp.Offset {
		return totp.Offset{Device: device, Ahead: time.Duration(seconds) * time.Second}
	}
	for _, c := range []struct {
		name    string
		offsets []totp.Offset
		want    totp.Diagnosis
	}{
		{"no device", nil, totp.Diagnosis{Cause: totp.CauseNone}},
		{"one device in time", []totp.Offset{o("a", 30)}, totp.Diagnosis{Cause: totp.CauseNone}},
		{"one device off", []totp.Offset{o("a", 7200)}, totp.Diagnosis{Cause: totp.CauseUnclear}},
		{"all in time", []totp.Offset{o("a", -30), o("b", 30), o("c", 0)}, totp.Diagnosis{Cause: totp.CauseNone}},
		{"all two hours ahead", []totp.Offset{o("a", 7200), o("b", 7230)}, totp.Diagnosis{Cause: totp.CauseMachine, Machine: 7215 * time.Second}},
		{"one of two drifted", []totp.Offset{o("a", 0), o("b", -600)}, totp.Diagnosis{Cause: totp.CauseToken, Tokens: []totp.Offset{o("b", -600)}}},
		{"two drifted alike, one in time: this computer is a witness", []totp.Offset{o("a", 0), o("b", 600), o("c", 600)},
			totp.Diagnosis{Cause: totp.CauseToken, Tokens: []totp.Offset{o("b", 600), o("c", 600)}}},
		{"machine wrong and one drifted", []totp.Offset{o("a", 3600), o("b", 3600), o("c", 3000)},
			totp.Diagnosis{Cause: totp.CauseBoth, Machine: time.Hour, Tokens: []totp.Offset{o("c", -600)}}},
		{"three opinions", []totp.Offset{o("a", 3600), o("b", 7200), o("c", -3600)}, totp.Diagnosis{Cause: totp.CauseUnclear}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := totp.Diagnose(c.offsets); !reflect.DeepEqual(got, c.want) {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

const day = 24 * time.Hour

// history has a sample each week of a token that gains so many steps a week.
func history(weeks int, stepsPerWeek float64) []totp.Sample {
	var samples []totp.Sample
	for w := range weeks {
		samples = append(samples, totp.Sample{At: noon.Add(time.Duration(w) * 7 * day), Drift: int(stepsPerWeek * float64(w))})
	}
	return samples
}

func TestEstimate(t *testing.T) {
	for _, c := range []struct {
		name   string
		given  []totp.Sample
		ok     bool
		perDay time.Duration
		leaves time.Duration // after the newest sample; 0 for never
	}{
		{"nothing", nil, false, 0, 0},
		{"two samples", history(2, 1), false, 0, 0},
		{"three in a day", []totp.Sample{{noon, 0}, {noon.Add(time.Hour), 0}, {noon.Add(day), 1}}, false, 0, 0},
		{"three at once", []totp.Sample{{noon, 0}, {noon, 0}, {noon, 1}}, false, 0, 0},
		{"steady", history(5, 0), true, 0, 0},
		{"a step a week ahead", history(5, 1), true, 30 * time.Second / 7, 7 * day},
		{"a step a week behind", history(5, -1), true, -30 * time.Second / 7, 7 * day},
		{"two steps a week", history(5, 2), true, 60 * time.Second / 7, 7 * day / 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			trend, ok := totp.Estimate(totp.Default, c.given)
			if ok != c.ok {
				t.Fatalf("ok = %v", ok)
			}
			if !ok {
				return
			}
			if d := trend.PerDay - c.perDay; d.Abs() > time.Millisecond {
				t.Errorf("%v a day, want %v", trend.PerDay, c.perDay)
			}
			at, leaves := trend.Leaves(totp.SignInWindow)
			if leaves != (c.leaves != 0) {
				t.Fatalf("leaves = %v, %v", leaves, at)
			}
			if want := trend.At.Add(c.leaves); leaves && at.Sub(want).Abs() > time.Hour {
				t.Errorf("leaves at %v, want %v", at, want)
			}
		})
	}
}

func TestEstimateIgnoresOrder(t *testing.T) {
	given := history(5, 1)
	given[0], given[4] = given[4], given[0]
	sorted, _ := totp.Estimate(totp.Default, history(5, 1))
	if got, ok := totp.Estimate(totp.Default, given); !ok || got != sorted {
		t.Errorf("%+v, want %+v", got, sorted)
	}
}

func TestLeavesHasLeftAlready(t *testing.T) {
	samples := append(history(5, 2), totp.Sample{At: noon.Add(35 * day), Drift: 3}) // far under the line
	trend, ok := totp.Estimate(totp.Default, samples)
	if at, leaves := trend.Leaves(1); !ok || !leaves || !at.Equal(trend.At) {
		t.Errorf("%v, %v, %v", ok, leaves, at)
	}
}

func TestKeep(t *testing.T) {
	var h []totp.Sample
	for i := range totp.MaxSamples + 5 {
		h = totp.Keep(h, totp.Sample{At: noon, Drift: i})
	}
	if len(h) != totp.MaxSamples || h[0].Drift != 5 || h[len(h)-1].Drift != totp.MaxSamples+4 {
		t.Errorf("%d samples, %d to %d", len(h), h[0].Drift, h[len(h)-1].Drift)
	}
	if kept := totp.Keep(h[:1:2], totp.Sample{}); &kept[0] == &h[0] {
		t.Error("the history that was given is shared")
	}
}
