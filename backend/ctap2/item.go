package ctap2

import (
	"errors"
	"fmt"

	"github.com/keyferry/keyferry/backend/ctapcbor"
)

// Bounds of single members. Nothing legitimate comes near them; they keep a
// hostile message from growing into memory or into somebody's database.
const (
	maxText       = 2048     // a name, a URL
	maxID         = 1023     // a credential ID (WebAuthn Level 3 section 4)
	maxUserHandle = 64       // user.id (WebAuthn Level 3 section 5.4.3)
	maxList       = 256      // descriptors, algorithms
	maxAuthData   = 64 << 10 // ML-DSA keys and extensions fit
	maxSignature  = 16 << 10
)

// fault is why a message was not taken, with the status an authenticator answers.
type fault struct {
	status Status
	where  string
	cause  error
}

func (f *fault) Error() string {
	s := fmt.Sprintf("ctap2: %s: %s", f.where, f.status)
	if f.cause != nil {
		s += ": " + f.cause.Error()
	}
	return s
}

func (f *fault) Unwrap() []error {
	if f.cause == nil {
		return []error{f.status}
	}
	return []error{f.status, f.cause}
}

// StatusOf is the status that answers an error of a Decode...Request function;
// StatusOther for foreign errors, StatusOK for nil.
func StatusOf(err error) Status {
	var s Status
	switch {
	case err == nil:
		return StatusOK
	case errors.As(err, &s):
		return s
	default:
		return StatusOther
	}
}

// fields reads the members of one decoded map by exact type. It keeps the first
// fault, so that a reader need not stop after each member. Generic decoding is
// used on purpose: decoding into structs would take "ID" for "id" and an array
// of small integers for bytes.
type fields struct {
	m     map[any]any
	where string
	first *error
}

// openMap decodes one map; strict wants canonical CBOR.
func openMap(data []byte, where string, strict bool) (fields, error) {
	decode := ctapcbor.UnmarshalLoose
	if strict {
		decode = ctapcbor.Unmarshal
	}
	var item any
	if err := decode(data, &item); err != nil {
		return fields{}, &fault{StatusInvalidCBOR, where, err}
	}
	m, ok := item.(map[any]any)
	if !ok {
		return fields{}, &fault{StatusCBORUnexpectedType, where, nil}
	}
	return fields{m: m, where: where, first: new(error)}, nil
}

func (f fields) err() error { return *f.first }

func (f fields) fail(status Status, key any) {
	if *f.first == nil {
		*f.first = &fault{status, fmt.Sprintf("%s[%v]", f.where, key), nil}
	}
}

// get finds a member under an integer or text key.
func (f fields) get(key any) (any, bool) {
	if n, ok := key.(int); ok {
		if n < 0 {
			key = int64(n)
		} else {
			key = uint64(n)
		}
	}
	v, ok := f.m[key]
	return v, ok
}

// need faults when a required member is missing.
func (f fields) need(keys ...any) {
	for _, key := range keys {
		if _, ok := f.get(key); !ok {
			f.fail(StatusMissingParameter, key)
		}
	}
}

// value reads an optional member of one type; nothing when absent.
func value[T any](f fields, key any) (v T, present bool) {
	item, ok := f.get(key)
	if !ok {
		return v, false
	}
	v, ok = item.(T)
	if !ok {
		f.fail(StatusCBORUnexpectedType, key)
	}
	return v, ok
}

// bytes reads an optional byte string of min to max bytes.
func (f fields) bytes(key any, min, max int) []byte {
	b, ok := value[[]byte](f, key)
	if ok && (len(b) < min || len(b) > max) {
		f.fail(StatusInvalidLength, key)
		return nil
	}
	return b
}

// text reads an optional text of at most maxText bytes.
func (f fields) text(key any) string {
	s, _ := value[string](f, key)
	if len(s) > maxText {
		f.fail(StatusInvalidLength, key)
		return ""
	}
	return s
}

// uint reads an optional unsigned integer.
func (f fields) uint(key any) uint64 {
	n, _ := value[uint64](f, key)
	return n
}

// optional reads a member whose presence counts.
func optional[T any](f fields, key any) *T {
	v, ok := value[T](f, key)
	if !ok {
		return nil
	}
	return &v
}

// integer reads an integer of either sign.
func (f fields) integer(key any) int64 {
	v, ok := f.get(key)
	if !ok {
		return 0
	}
	switch n := v.(type) {
	case int64:
		return n
	case uint64:
		if n <= 1<<63-1 {
			return int64(n)
		}
	}
	f.fail(StatusCBORUnexpectedType, key)
	return 0
}

// list reads an optional array of one type, of at most maxList elements. An
// array that is there but empty is an empty list, not nil.
func list[T any](f fields, key any) []T {
	items, ok := value[[]any](f, key)
	if !ok {
		return nil
	}
	if len(items) > maxList {
		f.fail(StatusLimitExceeded, key)
		return nil
	}
	out := make([]T, 0, len(items))
	for _, item := range items {
		v, ok := item.(T)
		if !ok {
			f.fail(StatusCBORUnexpectedType, key)
			return nil
		}
		out = append(out, v)
	}
	return out
}

// inside opens a nested map that is there.
func (f fields) inside(key any) (fields, bool) {
	m, ok := value[map[any]any](f, key)
	return fields{m, fmt.Sprintf("%s[%v]", f.where, key), f.first}, ok
}

// each opens the maps of an optional array.
func each[T any](f fields, key any, read func(fields) T) []T {
	maps := list[map[any]any](f, key)
	if maps == nil {
		return nil
	}
	out := make([]T, len(maps))
	for i, m := range maps {
		out[i] = read(fields{m, fmt.Sprintf("%s[%v][%d]", f.where, key, i), f.first})
	}
	return out
}

// raw gives an optional map again as canonical CBOR.
func (f fields) raw(key any) ctapcbor.RawMessage {
	m, ok := value[map[any]any](f, key)
	if !ok {
		return nil
	}
	b, err := ctapcbor.Marshal(m)
	if err != nil {
		f.fail(StatusInvalidCBOR, key)
		return nil
	}
	return b
}

// statement reads an attestation statement: a map, or for the format compound
// an array (WebAuthn Level 3 section 8.9).
func (f fields) statement(key any) ctapcbor.RawMessage {
	item, _ := f.get(key)
	if list, isList := item.([]any); isList {
		return ctapcbor.MustMarshal(list)
	}
	return f.raw(key)
}

// flags reads an optional map of text to boolean.
func (f fields) flags(key any) map[string]bool {
	in, ok := f.inside(key)
	if !ok {
		return nil
	}
	out := make(map[string]bool, len(in.m))
	for k, v := range in.m {
		name, isText := k.(string)
		on, isBool := v.(bool)
		if !isText || !isBool || len(name) > maxText {
			in.fail(StatusCBORUnexpectedType, k)
			return nil
		}
		out[name] = on
	}
	return out
}

// message collects the members that are to be written.
type message map[any]any

// put adds a member when there is one to add.
func (m message) put(key any, v any, present bool) {
	if present {
		m[key] = v
	}
}
