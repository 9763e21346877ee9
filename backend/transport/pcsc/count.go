package pcsc

import "context"

// Readers counts the readers that are plugged in, whatever lies on them: that List gives
// nothing does not tell whether there is a reader. Failures are those of List.
func (b *bus) Readers(ctx context.Context) (int, error) {
	svc, err := b.service()
	if err != nil {
		return 0, err
	}
	states, err := bounded(ctx, listTime, noService(errStuck), func(ctx context.Context) ([]readerState, error) {
		return beside(ctx, b, func() ([]readerState, error) { return survey(svc) }, nil)
	})
	return len(states), err
}
