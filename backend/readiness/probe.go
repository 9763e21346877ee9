package readiness

import (
	"context"
	"errors"
	"sync/atomic"
)

// answer is what one probe came to.
type answer[T any] struct {
	value T
	err   error
	why   string // there is none: WhySilent, WhyNotBuilt or WhyNotAsked; else ""
}

// probe asks one thing. What does not come back in time is left alone: the question
// stays open in a goroutine of its own, and is not asked again before it was answered,
// so that a service that hangs costs one goroutine and not one for each look.
type probe[T any] struct {
	ask  func(context.Context) (T, error)
	open atomic.Bool
}

// start asks, and gives what waits for the answer until ctx ends.
func (p *probe[T]) start(ctx context.Context) (wait func() answer[T]) {
	switch {
	case p.ask == nil:
		return constant(answer[T]{why: WhyNotBuilt})
	case !p.open.CompareAndSwap(false, true):
		return constant(answer[T]{why: WhySilent})
	}
	came := make(chan answer[T], 1)
	go func() {
		var a answer[T]
		a.value, a.err = p.ask(ctx)
		p.open.Store(false) // before anybody hears of it, and asks again
		came <- a
	}()
	return func() answer[T] {
		select {
		case a := <-came:
			return a.judged(ctx)
		case <-ctx.Done():
		}
		select { // both may be ready
		case a := <-came:
			return a.judged(ctx)
		default:
			return answer[T]{why: WhySilent}
		}
	}
}

// judged makes silence of an error that only says that the time is over.
func (a answer[T]) judged(ctx context.Context) answer[T] {
	if ctx.Err() != nil && (errors.Is(a.err, context.DeadlineExceeded) || errors.Is(a.err, context.Canceled)) {
		return answer[T]{why: WhySilent}
	}
	return a
}

func constant[T any](a answer[T]) func() answer[T] { return func() answer[T] { return a } }
