package pcsc

import (
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// counted is a service with readers on which nothing lies.
type counted struct {
	service
	names   []string
	refuses code
}

func (c counted) establish() (handle, code)                    { return 1, c.refuses }
func (counted) listens() bool                                  { return false }
func (counted) release(handle) code                            { return codeOK }
func (counted) wait(handle, time.Duration, []readerState) code { return codeTimeout }
func (c counted) readers(handle) ([]string, code) {
	if len(c.names) == 0 {
		return nil, codeNoReaders
	}
	return c.names, codeOK
}

func TestReaders(t *testing.T) {
	for _, c := range []struct {
		name string
		svc  counted
		want int
		code mfa.Code
	}{
		{"none", counted{}, 0, ""},
		{"two", counted{names: []string{"a", "b"}}, 2, ""},
		{"no service", counted{refuses: codeNoService}, 0, mfa.CodeReaderNoService},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, err := newBus(func() (service, error) { return c.svc, nil }).Readers(t.Context())
			if n != c.want || (c.code == "") != (err == nil) || c.code != "" && !mfa.IsCode(err, c.code) {
				t.Errorf("%d, %v", n, err)
			}
		})
	}
}
