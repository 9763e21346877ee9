package auditverify

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"slices"
	"time"

	_ "modernc.org/sqlite"
)

// Result is where a trail ends.
type Result struct {
	Events      int64  // their number, and so the seq of the last one
	Hash        string // of the last one, in hex
	Checkpoints int    // that were compared
}

// Broken is the first place that does not fit: "number" (events are missing, doubled or
// moved), "hash" (one was changed), "checkpoint" (it shows another or a longer trail).
type Broken struct {
	Seq  int64
	What string
}

func (b *Broken) Error() string { return fmt.Sprintf("event %d: wrong %s", b.Seq, b.What) }

// event is a line of an export or a row of the table. Checkpoints have seq and hash.
type event struct {
	Seq       int64             `json:"seq"`
	At        string            `json:"at"`
	Kind      string            `json:"kind"`
	Principal string            `json:"principal_id"`
	Device    string            `json:"device_id"`
	Detail    map[string]string `json:"detail"`
	Hash      string            `json:"hash"`
	micros    int64
}

// VerifyDatabase checks a database, in use or not. checkpoints is package activity's file, or "".
func VerifyDatabase(ctx context.Context, path, checkpoints string) (Result, error) {
	name := "file:" + url.PathEscape(path) + "?mode=ro"
	if _, err := os.Stat(path + "-wal"); err != nil { // not in use: nothing need be written, not even an index
		name += "&immutable=1"
	}
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return Result{}, err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, "SELECT seq, at, kind, principal_id, device_id, detail, lower(hex(hash)) FROM events ORDER BY seq")
	if err != nil {
		return Result{}, err
	}
	defer rows.Close()
	return verify(checkpoints, func() (e event, err error) {
		if !rows.Next() {
			return e, cmp.Or(rows.Err(), io.EOF)
		}
		var detail []byte
		err = rows.Scan(&e.Seq, &e.micros, &e.Kind, &e.Principal, &e.Device, &detail, &e.Hash)
		if json.Unmarshal(detail, &e.Detail) != nil {
			e.Hash = "" // it was changed
		}
		return e, err
	})
}

// VerifyExport checks an export that no filter made shorter: JSON Lines of 1 MB at most.
func VerifyExport(ctx context.Context, r io.Reader, checkpoints string) (Result, error) {
	lines := bufio.NewReaderSize(r, 1<<20)
	return verify(checkpoints, func() (e event, err error) {
		line, err := lines.ReadSlice('\n')
		if err == io.EOF && len(line) == 0 {
			return e, err
		}
		_ = json.Unmarshal(line, &e)
		const form = "2006-01-02T15:04:05.000000Z"
		if at, err := time.Parse(form, e.At); err == nil {
			e.micros, e.At = at.UnixMicro(), at.Format(form)
		}
		if same, _ := json.Marshal(e); !bytes.Equal(append(same, '\n'), line) {
			e.Hash = "" // JSON can be written in many ways, an export in one
		}
		return e, ctx.Err()
	})
}

// verify computes SHA-256(hash before || encoding) for each event until io.EOF.
func verify(checkpoints string, next func() (event, error)) (at Result, err error) {
	data, err := os.ReadFile(checkpoints)
	if err != nil && checkpoints != "" {
		return at, err
	}
	known := map[int64]string{}
	// A last line without an end was being written when the machine went off.
	for line := range bytes.Lines(data[:bytes.LastIndexByte(data, '\n')+1]) {
		var c event
		if at.Checkpoints++; json.Unmarshal(line, &c) != nil || len(c.Hash) != 64 || known[c.Seq] != "" && known[c.Seq] != c.Hash {
			return at, &Broken{c.Seq, "checkpoint"}
		}
		known[c.Seq] = c.Hash
	}
	var last [sha256.Size]byte
	for e, err := next(); err != io.EOF; e, err = next() {
		if err != nil {
			return at, err
		}
		if at.Events++; e.Seq != at.Events {
			return at, &Broken{at.Events, "number"}
		}
		b := append(append(make([]byte, 0, 512), last[:]...), 1) // the version of the encoding
		text := func(s string) { b = append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...) }
		b = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, uint64(e.Seq)), uint64(e.micros))
		text(e.Kind)
		text(e.Principal)
		text(e.Device)
		b = binary.BigEndian.AppendUint32(b, uint32(len(e.Detail)))
		for _, key := range slices.Sorted(maps.Keys(e.Detail)) {
			text(key)
			text(e.Detail[key])
		}
		last = sha256.Sum256(b)
		if at.Hash = fmt.Sprintf("%x", last); at.Hash != e.Hash {
			return at, &Broken{e.Seq, "hash"}
		}
		if known[e.Seq] == e.Hash {
			delete(known, e.Seq)
		}
	}
	if len(known) > 0 { // another trail, or its tail was cut off
		return at, &Broken{slices.Min(slices.Collect(maps.Keys(known))), "checkpoint"}
	}
	return at, nil
}
