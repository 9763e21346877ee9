package auditverify

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/url"
	"os"
	"strconv"
	"time"

	_ "modernc.org/sqlite"
)

// Result is where a trail ends.
type Result struct {
	Events, Checkpoints int64  // how many there are, how many were compared
	Hash                string // of the last event, in hex
}

// Broken is what does not fit first: "number" (an event is missing or moved), "hash" (it was changed), "checkpoint" (there was more).
type Broken struct {
	Seq  int64
	What string
}

func (b *Broken) Error() string { return "event " + strconv.FormatInt(b.Seq, 10) + ": wrong " + b.What }

// event is a line of an export or a row of the table. Checkpoints have seq and hash.
type event struct {
	Seq       int64           `json:"seq"`
	At        time.Time       `json:"at"`
	Kind      string          `json:"kind"`
	Principal string          `json:"principal_id"`
	Device    string          `json:"device_id"`
	Detail    json.RawMessage `json:"detail"`
	Hash      string          `json:"hash"`
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
	rows, err := db.QueryContext(ctx, "SELECT seq, at, kind, principal_id, device_id, detail, hash FROM events ORDER BY seq")
	if err != nil {
		return Result{}, err
	}
	defer rows.Close()
	micros, hash := int64(0), sql.RawBytes{}
	return verify(checkpoints, func() (e event, err error) {
		if !rows.Next() {
			return e, cmp.Or(rows.Err(), io.EOF)
		}
		err = rows.Scan(&e.Seq, &micros, &e.Kind, &e.Principal, &e.Device, (*[]byte)(&e.Detail), &hash)
		e.At, e.Hash = time.UnixMicro(micros), hex.EncodeToString(hash)
		return e, err
	})
}

// VerifyExport checks an export that no filter made shorter: JSON Lines of 64 KB at most.
func VerifyExport(ctx context.Context, r io.Reader, checkpoints string) (Result, error) {
	lines := bufio.NewReaderSize(r, 1<<16)
	return verify(checkpoints, func() (e event, err error) {
		line, err := lines.ReadSlice('\n')
		if err == io.EOF && len(line) == 0 {
			return e, err
		}
		_ = json.Unmarshal(line, &e)
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
	var known []event
	for line := range bytes.Lines(data[:bytes.LastIndexByte(data, '\n')+1]) { // a last line without an end was never finished
		known = append(known, event{})
		_ = json.Unmarshal(line, &known[at.Checkpoints]) // what cannot be read fits nothing
		at.Checkpoints++
	}
	b, last := make([]byte, 0, 512), [sha256.Size]byte{}
	text := func(s string) { b = append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...) }
	for e, err := next(); err != io.EOF; e, err = next() {
		if err != nil {
			return at, err
		}
		if at.Events++; e.Seq != at.Events {
			return at, &Broken{at.Events, "number"}
		}
		b = append(append(b[:0], last[:]...), 1) // the version of the encoding
		b = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, uint64(e.Seq)), uint64(e.At.UnixMicro()))
		text(e.Kind)
		text(e.Principal)
		text(e.Device)
		details := pairs(string(e.Detail))
		b = binary.BigEndian.AppendUint32(b, uint32(len(details)/2))
		for _, s := range details {
			text(s)
		}
		last = sha256.Sum256(b)
		if at.Hash = hex.EncodeToString(last[:]); at.Hash != e.Hash {
			return at, &Broken{e.Seq, "hash"}
		}
		for len(known) > 0 && known[0].Seq == e.Seq && known[0].Hash == e.Hash {
			known = known[1:]
		}
	}
	if len(known) > 0 {
		return at, &Broken{known[0].Seq, "checkpoint"}
	}
	return at, nil
}

// pairs reads an object of texts, as encoding/json writes it, into key, value, key, value.
func pairs(object string) (all []string) {
	for i, rest := 0, object; rest != "}" && object != "{}" && object != "null"; i++ {
		quoted, err := strconv.QuotedPrefix(rest[min(1, len(rest)):])
		text, _ := strconv.Unquote(quoted)
		written := func() string { b, _ := json.Marshal(text); return string(b) }
		if err != nil || rest[0] != "{:,"[min(i, 2-i%2)] || len(quoted) != len(text)+2 && written() != quoted {
			return []string{object} // it fits nothing
		}
		all, rest = append(all, text), rest[1+len(quoted):]
	}
	return all
}
