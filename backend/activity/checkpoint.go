package activity

import (
	"context"
	"encoding/hex"
	"strconv"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Checkpoint writes the number and hash of the newest event into the file outside of
// the database, unless its last line says the same. It is meant to be called when the
// app closes, and once a day. Without a file, or without events, it does nothing.
//
// Before it writes it looks for the event of its last line in the database. When that
// one is gone or another, it fails with checkpoint-mismatch (params: seq) and writes
// nothing: what shows that the trail was changed must not be buried under new lines.
// A last line that is not whole counts for nothing and is replaced. Also
// storage-failed, or as the store does.
func (s *Service) Checkpoint(ctx context.Context) error {
	if s.marks.path == "" {
		return nil
	}
	s.marking.Lock()
	defer s.marking.Unlock()
	known, size, err := s.marks.read()
	if err != nil {
		return kept(err)
	}
	newest, err := s.store.FindEvents(ctx, mfa.EventFilter{Limit: 1})
	if err != nil {
		return err
	}
	if len(known) > 0 {
		last := known[len(known)-1]
		events, err := s.store.Events(ctx, last.Seq-1, 1)
		if err != nil {
			return err
		}
		if len(events) == 0 || events[0].Seq != last.Seq || hex.EncodeToString(events[0].Hash) != last.Hash {
			return mismatch(last.Seq)
		}
		if newest[0].Seq == last.Seq {
			return nil
		}
	}
	if len(newest) == 0 {
		return nil
	}
	return kept(s.marks.add(known, size, Mark{Seq: newest[0].Seq, Hash: hex.EncodeToString(newest[0].Hash), Time: stamp(s.clock())}))
}

// LastMark is the newest checkpoint; false when there is none. checkpoint-mismatch
// when the file was damaged, storage-failed.
func (s *Service) LastMark() (Mark, bool, error) {
	if s.marks.path == "" {
		return Mark{}, false, nil
	}
	s.marking.Lock()
	defer s.marking.Unlock()
	known, _, err := s.marks.read()
	if err != nil || len(known) == 0 {
		return Mark{}, false, kept(err)
	}
	return known[len(known)-1], true, nil
}

// kept makes a failure of what the file system says.
func kept(err error) error {
	if mfa.IsCode(err, mfa.CodeCheckpoint) {
		return err
	}
	return written(err)
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
