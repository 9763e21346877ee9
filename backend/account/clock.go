package account

import (
	"context"
	"time"
)

// Now is the time that deadlines go by: the clock, or the latest time that was ever
// written down if that is later. Who turns the clock back gains nothing.
func (s *Service) Now(ctx context.Context) (time.Time, error) { return s.noEarlier(ctx, s.clock()) }

func (s *Service) noEarlier(ctx context.Context, t time.Time) (time.Time, error) {
	highest, err := s.store.HighestTime(ctx)
	if err != nil {
		return time.Time{}, err
	}
	if t.Before(highest) {
		return highest, nil
	}
	return t, nil
}
