package keys

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"sync"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
)

// errNobody is the end of a race in which no key was touched.
var errNobody = errors.New("keys: nobody touched one")

// choose gives the key that the person means and lets the others go; nil when something
// changed meanwhile and it has to be looked again, errNobody when no key waits any more.
// A single key is meant without a touch: the ceremony asks for one anyway.
func (s *Service) choose(ctx context.Context, found []*opened, w authenticator.Want, news <-chan struct{}, report mfa.Report) (*opened, error) {
	if len(found) > 1 && w.Purpose == authenticator.PurposeGet && len(w.Credentials) > 0 {
		eligible := mayHave(ctx, found, w)
		drop(found, eligible...)
		found = eligible
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
			case isGone(a.err), mfa.IsCode(a.err, mfa.CodeAuthenticatorTimeout):
				return give(nil, errNobody)
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

// mayHave asks every key, without a touch, whether it has one of the credentials, and
// leaves out those that surely have none. A key that may hide some is never ruled out by
// its silence, nor is another preferred to it: then the person says by a touch which one
// they mean. All stay where none is left.
func mayHave(ctx context.Context, found []*opened, w authenticator.Want) []*opened {
	request := ctap2.GetAssertionRequest{RPID: w.RPID, ClientDataHash: make([]byte, sha256.Size)}
	for _, id := range w.Credentials {
		request.AllowList = append(request.AllowList, ctap2.PublicKeyCredentialDescriptor{Type: ctap2.PublicKeyType, ID: id})
	}
	may := make([]bool, len(found))
	var asking sync.WaitGroup
	for i, k := range found {
		asking.Go(func() {
			var one *ctap2.PublicKeyCredentialDescriptor
			err := bounded(ctx, patience, mfa.CodeKeySilent, func(ctx context.Context) (err error) {
				one, err = ctap2.Preflight(ctx, k, k.info, request)
				return err
			})
			switch {
			case err == nil:
				may[i] = one != nil || k.mayHide()
			case isGone(err), mfa.IsCode(err, mfa.CodeAuthenticatorProtocol), mfa.IsCode(err, mfa.CodeKeyProtocol):
			default: // it is busy, or slow, or answers nobody whom it does not know
				may[i] = true
			}
		})
	}
	asking.Wait()
	var out []*opened
	for i, k := range found {
		if may[i] {
			out = append(out, k)
		}
	}
	if len(out) == 0 {
		return found
	}
	return out
}

// mayHide reports that a key may have credentials that it does not admit before it knows
// who asks: one that always wants verification (CTAP 2.2 section 7.2), and one that can
// verify and knows credProtect, under which a credential may want it (section 12.1.1,
// level 3). Without a PIN or a finger nobody could ever use such a one.
func (o *opened) mayHide() bool {
	verifies := o.info.IsOn(ctap2.OptionClientPIN) || o.info.IsOn(ctap2.OptionUserVerification)
	return o.info.IsOn(ctap2.OptionAlwaysUV) || verifies && o.info.HasExtension("credProtect")
}

// drop lets go of all but the kept ones.
func drop(all []*opened, kept ...*opened) {
	for _, k := range all {
		if !slices.Contains(kept, k) {
			_ = k.Close()
		}
	}
}
