package mds

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
	"time"
)

// An index is everything of a Metadata but pictures and what Details gives:
//
//	"KFMX"  version (1 byte)  body  SHA-256 of all before
//
// Numbers are varints, texts and bytes have their length before them, lists their
// count, days are days since 1970 plus one (0: none). Certificates stand once each, in
// a table before the models, and are named by their place in it. Nothing in it is
// secret, and its checksum is against accidents: it lies where the verified BLOB lies.
const (
	indexMagic   = "KFMX"
	indexVersion = 1
	indexHead    = len(indexMagic) + 1
)

// Index is the compact form that Load reads.
func (m *Metadata) Index() []byte {
	table := map[string]uint64{}
	var ders [][]byte
	place := func(der []byte) {
		if _, there := table[string(der)]; !there && der != nil {
			table[string(der)] = uint64(len(ders))
			ders = append(ders, der)
		}
	}
	size := 4096
	for _, model := range m.models {
		size += 512
		for _, der := range model.ders {
			place(der)
		}
		for _, report := range model.Reports {
			place(report.Batch)
		}
	}
	for _, der := range ders {
		size += len(der) + 4
	}
	w := writer{data: append(make([]byte, 0, size), indexMagic...)}
	w.data = append(w.data, indexVersion)
	w.signed(m.Number)
	w.day(m.NextUpdate)
	w.text(m.Legal)
	w.text(m.Signer)
	w.text(m.Algorithm)
	w.text(string(m.Validity))
	w.data = append(w.data, m.Hash[:]...)
	w.count(int(m.Size))
	w.count(m.Lists)
	list(&w, m.Odd, func(o Odd) {
		w.count(o.Position)
		w.text(o.ID)
		w.text(o.Why)
		w.flag(o.Used)
	})
	list(&w, ders, w.bytes)
	list(&w, m.models, func(model *Model) {
		w.text(model.ID)
		w.data = append(w.data, model.AAGUID[:]...)
		w.text(model.AAID)
		list(&w, model.KeyIDs, w.bytes)
		w.text(model.Name)
		w.text(model.Protocol)
		list(&w, model.Transports, w.text)
		list(&w, model.Reports, func(r Report) {
			w.text(r.Status)
			w.day(r.Effective)
			w.day(r.Sunset)
			w.count(int(r.Version))
			w.count(r.FIPS)
			w.text(r.Number)
			w.text(r.Descriptor)
			w.text(r.Policy)
			w.text(r.Requirements)
			w.text(r.URL)
			if w.flag(r.Unclear); r.Batch == nil {
				w.count(0)
			} else {
				w.count(int(table[string(r.Batch)]) + 1)
			}
		})
		list(&w, slices.Sorted(maps.Keys(model.Certifications)), func(name string) {
			w.text(name)
			w.count(model.Certifications[name])
		})
		list(&w, model.AttestationTypes, w.text)
		w.count(int(model.Firmware))
		w.day(model.Since)
		w.count(model.Position)
		w.count(model.start)
		w.count(model.end - model.start)
		list(&w, model.ders, func(der []byte) { w.count(int(table[string(der)])) })
	})
	sum := sha256.Sum256(w.data)
	return append(w.data, sum[:]...)
}

// Load reads an index for a later start. It takes a copy of what it keeps. An index of
// another version of this program, or one that was damaged, is metadata-malformed with
// what=index and where=version, checksum or body: make it anew from the kept BLOB.
func Load(index []byte) (*Metadata, error) {
	switch {
	case len(index) < indexHead+sha256.Size || string(index[:len(indexMagic)]) != indexMagic:
		return nil, malformed("index", "checksum")
	case index[len(indexMagic)] != indexVersion:
		return nil, malformed("index", "version")
	}
	body, sum := index[:len(index)-sha256.Size], index[len(index)-sha256.Size:]
	if got := sha256.Sum256(body); !bytes.Equal(got[:], sum) {
		return nil, malformed("index", "checksum")
	}
	// Texts and certificates below are parts of these two copies.
	r := indexReader{data: bytes.Clone(body), texts: string(body), pos: indexHead}
	m := r.metadata()
	if r.pos != len(r.data) {
		r.broken = true
	}
	if r.broken {
		return nil, malformed("index", "body").Because(errors.New("mds: index ends or counts wrongly"))
	}
	return m, nil
}

func (r *indexReader) metadata() *Metadata {
	m := &Metadata{
		Number:     r.signed(),
		NextUpdate: r.day(),
		Legal:      r.text(),
		Signer:     r.text(),
		Algorithm:  r.text(),
		Validity:   Validity(r.text()),
	}
	copy(m.Hash[:], r.take(len(m.Hash)))
	m.Size = int64(r.count())
	m.Lists = r.count()
	m.Odd = readList(r, func() Odd { return Odd{r.count(), r.text(), r.text(), r.flag()} })
	ders := readList(r, r.bytes)
	der := func(place int) []byte {
		if place < 0 || place >= len(ders) {
			r.broken = true
			return nil
		}
		return ders[place]
	}
	for range r.length() {
		model := r.model(der)
		if r.broken || m.add(model) != nil {
			r.broken = true
			break
		}
	}
	return m
}

func (r *indexReader) model(der func(int) []byte) *Model {
	m := &Model{ID: r.text()}
	copy(m.AAGUID[:], r.take(len(m.AAGUID)))
	m.AAID = r.text()
	m.KeyIDs = readList(r, r.bytes)
	m.Name = r.text()
	m.Protocol = r.text()
	m.Transports = readList(r, r.text)
	m.Reports = readList(r, func() Report {
		report := Report{
			Status: r.text(), Effective: r.day(), Sunset: r.day(), Version: uint32(r.count()), FIPS: r.count(), Number: r.text(),
			Descriptor: r.text(), Policy: r.text(), Requirements: r.text(), URL: r.text(), Unclear: r.flag(),
		}
		if place := r.count(); place > 0 {
			report.Batch = der(place - 1)
		}
		return report
	})
	for range r.length() {
		if m.Certifications == nil {
			m.Certifications = map[string]int{}
		}
		name := r.text()
		m.Certifications[name] = r.count()
	}
	m.AttestationTypes = readList(r, r.text)
	m.Firmware = uint32(r.count())
	m.Since = r.day()
	m.Position = r.count()
	m.start = r.count()
	m.end = m.start + r.count()
	m.ders = readList(r, func() []byte { return der(r.count()) })
	return m
}

type writer struct{ data []byte }

func (w *writer) signed(n int64) { w.data = binary.AppendVarint(w.data, n) }
func (w *writer) count(n int)    { w.data = binary.AppendUvarint(w.data, uint64(n)) }
func (w *writer) text(s string)  { w.count(len(s)); w.data = append(w.data, s...) }
func (w *writer) bytes(b []byte) { w.count(len(b)); w.data = append(w.data, b...) }

func (w *writer) flag(b bool) {
	if b {
		w.count(1)
	} else {
		w.count(0)
	}
}

const secondsOfDay = 24 * 60 * 60

func (w *writer) day(t time.Time) {
	if t.IsZero() {
		w.signed(0)
	} else if n := t.Unix() / secondsOfDay; n >= 0 {
		w.signed(n + 1)
	} else {
		w.signed(n)
	}
}

func list[T any](w *writer, all []T, write func(T)) {
	w.count(len(all))
	for _, one := range all {
		write(one)
	}
}

// indexReader gives zero values once something did not fit.
type indexReader struct {
	data   []byte
	texts  string // the same bytes
	pos    int
	broken bool
}

func (r *indexReader) signed() int64 {
	n, size := binary.Varint(r.data[r.pos:])
	if size <= 0 {
		r.broken = true
		return 0
	}
	r.pos += size
	return n
}

// count gives a number that an int of 32 bits holds, too.
func (r *indexReader) count() int {
	n, size := binary.Uvarint(r.data[r.pos:])
	if size <= 0 || n > 1<<32-1 {
		r.broken = true
		return 0
	}
	r.pos += size
	return int(n)
}

// length is a count of things that have a byte each at least.
func (r *indexReader) length() int {
	n := r.count()
	if n > len(r.data)-r.pos {
		r.broken = true
		return 0
	}
	return n
}

func (r *indexReader) take(n int) []byte {
	if r.broken || n > len(r.data)-r.pos {
		r.broken = true
		return nil
	}
	r.pos += n
	return r.data[r.pos-n : r.pos : r.pos]
}

func (r *indexReader) bytes() []byte { return r.take(r.length()) }

func (r *indexReader) text() string {
	n := len(r.bytes())
	return r.texts[r.pos-n : r.pos]
}

func (r *indexReader) flag() bool { return r.count() != 0 }

func (r *indexReader) day() time.Time {
	n := r.signed()
	switch {
	case n == 0 || n > 1<<32 || n < -1<<32:
		return time.Time{}
	case n > 0:
		n--
	}
	return time.Unix(n*secondsOfDay, 0).UTC()
}

func readList[T any](r *indexReader, read func() T) []T {
	n := r.length()
	if n == 0 {
		return nil
	}
	all := make([]T, 0, min(n, 64))
	for range n {
		if r.broken {
			return nil
		}
		all = append(all, read())
	}
	return all
}
