package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"github.com/keyferry/keyferry/backend/totp"
)

type driftSampleJSON struct {
	At      int64 `json:"at"`
	Seconds int   `json:"seconds"`
}

var devicesDrift = signed("devices drift", "DEVICE [--user U]", "show how a device's clock went, and when it will leave the window", func(fs *flag.FlagSet) action {
	user := userFlag(fs)
	return func(ctx context.Context, s *seat) error {
		d, err := s.device(ctx, *user, s.args[0])
		if err != nil {
			return err
		}
		drift, err := s.Devices.Drift(ctx, s.session, d.ID)
		if err != nil {
			return err
		}
		o := drift.Device.OneTime
		p := totp.Params{Algorithm: totp.Algorithm(o.Algorithm), Digits: o.Digits, Period: o.Period}
		samples, list := make([]totp.Sample, len(drift.Samples)), make([]driftSampleJSON, len(drift.Samples))
		for i, x := range drift.Samples {
			samples[i] = totp.Sample{At: x.At, Drift: x.Drift}
			list[i] = driftSampleJSON{At: milliseconds(x.At), Seconds: x.Drift * int(o.Period.Seconds())}
			s.t.say("%s  %+d s", when(x.At), list[i].Seconds)
		}
		out := map[string]any{"samples": list}
		trend, known := totp.Estimate(p, samples)
		if !known {
			s.t.say("%s is %s off this computer's clock. More codes over a week will tell how it drifts.", d.Name, time.Duration(o.Drift)*o.Period)
			s.t.result(out)
			return nil
		}
		out["per_day_ms"] = trend.PerDay.Milliseconds()
		leaves := "It stays within the window."
		if at, ok := trend.Leaves(totp.SignInWindow); ok {
			out["leaves_at"] = milliseconds(at)
			leaves = fmt.Sprintf("Unused, it leaves the window on %s: then resync it.", when(at))
		}
		s.t.result(out)
		s.t.say("%s gains %s a day. %s", d.Name, trend.PerDay.Round(time.Millisecond), leaves)
		return nil
	}
})
