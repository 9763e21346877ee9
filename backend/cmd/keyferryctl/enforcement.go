package main

import (
	"context"
	"flag"
	"time"

	"github.com/keyferry/keyferry/backend/enforcement"
	"github.com/keyferry/keyferry/backend/mfa"
)

type forecastJSON struct {
	User     userJSON           `json:"user"`
	State    enforcement.State  `json:"state"`
	Reason   enforcement.Reason `json:"reason"`
	Deadline int64              `json:"deadline"`
}

var enforcementShow = signed("enforcement show", "", "say for everybody what signing in leads to today", plain(func(ctx context.Context, s *seat) error {
	return s.forecast(ctx, time.Now())
}))

var enforcementRehearse = signed("enforcement rehearse", "--day D", "say for everybody what signing in would lead to on a day to come", func(fs *flag.FlagSet) action {
	day := fs.String("day", "", "the day, `YYYY-MM-DD`: its end, in this computer's time zone; or a time in RFC 3339")
	return func(ctx context.Context, s *seat) error {
		at, err := endOfDay(*day)
		if err != nil {
			return err
		}
		if at.Before(time.Now()) { // it would be judged as the present, under another date
			return usage("--day lies behind: a rehearsal is of a day to come")
		}
		return s.forecast(ctx, at)
	}
})

// endOfDay is the last second of a day: what is due on a day is due by then.
func endOfDay(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, usage("enforcement rehearse needs --day")
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, text, time.Local)
	if err != nil {
		return time.Time{}, mfa.Fail(mfa.CodeInvalidInput, "field", "day")
	}
	return day.AddDate(0, 0, 1).Add(-time.Second), nil
}

func (s *seat) forecast(ctx context.Context, day time.Time) error {
	all, err := s.Accounts.Rehearse(ctx, s.session, day)
	if err != nil {
		return err
	}
	list, counts, table := make([]forecastJSON, len(all)), map[enforcement.State]int{}, newTable("NAME", "SIGNING IN LEADS TO", "WHY", "DEADLINE")
	for i, f := range all {
		list[i] = forecastJSON{User: userOf(f.Overview), State: f.Verdict.State, Reason: f.Verdict.Reason, Deadline: milliseconds(f.Verdict.Deadline)}
		counts[f.Verdict.State]++
		deadline := ""
		if !f.Verdict.Deadline.IsZero() {
			deadline = when(f.Verdict.Deadline)
		}
		table.row(f.Overview.Name, leadsTo[f.Verdict.State], string(f.Verdict.Reason), deadline)
	}
	s.t.result(map[string]any{"day": milliseconds(day), "forecasts": list, "counts": counts})
	s.t.say("On %s\n%s\n%d blocked, %d device set-up only, %d in their grace period, %d free.", when(day), table,
		counts[enforcement.Blocked], counts[enforcement.SetUp], counts[enforcement.Grace], counts[enforcement.Free])
	return nil
}

var leadsTo = map[enforcement.State]string{
	enforcement.Free:    "the account",
	enforcement.Grace:   "the account, with a reminder",
	enforcement.SetUp:   "device set-up only",
	enforcement.Blocked: "nowhere: blocked",
}
