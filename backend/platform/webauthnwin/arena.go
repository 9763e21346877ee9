package webauthnwin

import (
	"runtime"
	"strings"
	"unicode/utf16"

	"github.com/keyferry/keyferry/backend/mfa"
)

// arena holds the memory that one call points at. Structures point at structures, and
// the collector does not see that somebody else still reads them: hence each is pinned.
type arena struct {
	runtime.Pinner
	err error // the first thing that could not be written
}

// keep moves v to memory that stays.
func keep[T any](a *arena, v T) *T {
	p := &v
	a.Pin(p)
	return p
}

// row moves all of vs to memory that stays and gives the first; nil when there is none.
func row[T any](a *arena, vs []T) *T {
	if len(vs) == 0 {
		return nil
	}
	copied := append([]T(nil), vs...)
	a.Pin(&copied[0])
	return &copied[0]
}

// text writes s as UTF-16 with a zero behind it. A zero within would cut it short
// unseen, so that is an error.
func (a *arena) text(field, s string) *uint16 {
	if strings.ContainsRune(s, 0) && a.err == nil {
		a.err = mfa.Fail(mfa.CodeInvalidInput, "field", field)
	}
	return row(a, append(utf16.Encode([]rune(s)), 0))
}

// bytes copies b, whose length must be in bounds.
func (a *arena) bytes(field string, b []byte, least, most int) (size uint32, first *byte) {
	if (len(b) < least || len(b) > most) && a.err == nil {
		a.err = mfa.Fail(mfa.CodeInvalidInput, "field", field)
	}
	return uint32(len(b)), row(a, b)
}
