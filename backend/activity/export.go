package activity

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/keyferry/keyferry/backend/audit"
	"github.com/keyferry/keyferry/backend/mfa"
)

// line is one event of an export. The names and their order are part of the format.
type line struct {
	Seq       int64             `json:"seq"`
	At        time.Time         `json:"at"`
	Kind      mfa.EventKind     `json:"kind"`
	Principal string            `json:"principal_id"`
	Device    string            `json:"device_id"`
	Detail    map[string]string `json:"detail"`
	Hash      string            `json:"hash"`
}

func lineOf(e mfa.Event) line {
	l := line{Seq: e.Seq, At: stamp(e.At), Kind: e.Kind, Principal: e.PrincipalID, Device: e.DeviceID, Detail: e.Detail, Hash: hex.EncodeToString(e.Hash)}
	if l.Detail == nil {
		l.Detail = map[string]string{}
	}
	return l
}

// stamp is a time as the chain has it: whole microseconds of UTC, 1970 for none.
func stamp(t time.Time) time.Time { return time.UnixMicro(audit.Micros(t)).UTC() }

// page is how many events are read from the store at once.
const page = 1000

// Export writes the events that the filter chooses to w, oldest first (see doc.go),
// and gives how many there were. Before and Limit belong to pages on a screen and are
// not looked at. It adds activity-exported to the trail afterwards, which is therefore
// not in the export itself.
//
// It needs keyferry:ReadActivity. It fails as account.Service.May does, with cancelled,
// or with storage-failed when w does; then w may hold a part.
func (s *Service) Export(ctx context.Context, who mfa.Session, w io.Writer, f mfa.EventFilter) (int, error) {
	acting, err := s.accounts.May(ctx, who, mfa.OpReadActivity, "")
	if err != nil {
		return 0, err
	}
	out := bufio.NewWriterSize(w, 1<<16)
	count, err := s.write(ctx, out, f)
	if err == nil {
		err = written(out.Flush())
	}
	if err != nil {
		return 0, err
	}
	return count, s.store.AddEvent(ctx, mfa.Event{At: s.clock(), Kind: mfa.EventActivityExported, PrincipalID: acting.Caller.ID,
		Detail: map[string]string{"count": strconv.Itoa(count)}})
}

func (s *Service) write(ctx context.Context, out *bufio.Writer, f mfa.EventFilter) (int, error) {
	count, after := 0, int64(0)
	for {
		events, err := s.store.Events(ctx, after, page)
		if err != nil {
			return 0, err
		}
		for _, e := range events {
			after = e.Seq
			if !chosen(f, e) {
				continue
			}
			text, err := json.Marshal(lineOf(e))
			if err != nil {
				return 0, mfa.Fail(mfa.CodeInternal).Because(err)
			}
			if _, err := out.Write(append(text, '\n')); err != nil {
				return 0, written(err)
			}
			count++
		}
		if len(events) < page {
			return count, nil
		}
	}
}

// chosen holds an event against the filter.
func chosen(f mfa.EventFilter, e mfa.Event) bool {
	return (f.From.IsZero() || !e.At.Before(f.From)) && (f.To.IsZero() || e.At.Before(f.To)) &&
		(len(f.Kinds) == 0 || slices.Contains(f.Kinds, e.Kind)) && (f.PrincipalID == "" || e.PrincipalID == f.PrincipalID)
}

func written(err error) error {
	if err == nil {
		return nil
	}
	return mfa.Fail(mfa.CodeStorageFailed).Because(err)
}
