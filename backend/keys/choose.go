package keys

import (
	"context"
	"crypto/sha256"
	"slices"
	"sync"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
)

// choose gives the key that the person means and lets the others go; nil when something
// changed meanwhile and it has to be looked again. A single key is meant without a touch:
// the ceremony asks for one anyway.
func (s *Service) choose(ctx context.Context, found []*opened, w authenticator.Want, news <-chan struct{}, report mfa.Report) (*opened, error) {
	if len(found) > 1 && w.Purpose == authenticator.PurposeGet && len(w.Credentials) > 0 {
		if have := having(ctx, found, w); len(have) > 0 {
			drop(found, have...)
			found = have
		}
	}
	if len(found) == 1 {
		return found[0], nil
	}
	report.To(mfa.Progress{Stage: mfa.StageTouchKey, Keys: len(found)})
	racing, stop := context.WithCancel(ctx)
	defer stop()
	type answer struct {
		key *opened
		err error
	}
	answers := make(chan answer, len(found))
	var race sync.WaitGroup
	for _, k := range found {
		race.Go(func() { answers <- answer{k, ctap2.Select(racing, k, k.info, nil)} })
	}
	give := func(k *opened, err error) (*opened, error) {
		stop() // which cancels on the keys themselves
		race.Wait()
		drop(found, k)
		return k, err
	}
	for waiting := len(found); ; {
		select {
		case a := <-answers:
			waiting--
			switch {
			case a.err == nil:
				return give(a.key, nil)
			case ctx.Err() != nil:
				return give(nil, ctx.Err())
			case waiting > 0:
			case mfa.IsCode(a.err, mfa.CodeKeyLost), mfa.IsCode(a.err, mfa.CodeAuthenticatorTimeout):
				return give(nil, nil)
			default:
				return give(nil, a.err)
			}
		case <-news:
			if !s.are(ctx, found) {
				return give(nil, ctx.Err())
			}
		case <-ctx.Done():
			return give(nil, ctx.Err())
		}
	}
}

// are reports whether exactly these keys are there that could be opened.
func (s *Service) are(ctx context.Context, found []*opened) bool {
	slots, _ := s.slots(ctx)
	n := 0
	for _, sl := range slots {
		if sl.Trouble != nil {
			continue
		}
		n++
		if !slices.ContainsFunc(found, func(k *opened) bool { return k.id == sl.id }) {
			return false
		}
	}
	return n == len(found)
}

// having asks every key whether it has one of the credentials, without a touch.
func having(ctx context.Context, found []*opened, w authenticator.Want) []*opened {
	request := ctap2.GetAssertionRequest{RPID: w.RPID, ClientDataHash: make([]byte, sha256.Size)}
	for _, id := range w.Credentials {
		request.AllowList = append(request.AllowList, ctap2.PublicKeyCredentialDescriptor{Type: ctap2.PublicKeyType, ID: id})
	}
	has := make([]bool, len(found))
	var asking sync.WaitGroup
	for i, k := range found {
		asking.Go(func() {
			one, err := ctap2.Preflight(ctx, k, k.info, request)
			has[i] = err == nil && one != nil
		})
	}
	asking.Wait()
	var out []*opened
	for i, k := range found {
		if has[i] {
			out = append(out, k)
		}
	}
	return out
}

// drop lets go of all but the kept ones.
func drop(all []*opened, kept ...*opened) {
	for _, k := range all {
		if !slices.Contains(kept, k) {
			_ = k.Close()
		}
	}
}
