package metadata

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
)

// serve lets the service fetch from handler.
func (w *world) serve(handler http.HandlerFunc) {
	server := httptest.NewServer(handler)
	w.Cleanup(server.Close)
	w.service.Address, w.service.HTTP = server.URL, server.Client().Transport
}

func TestFetch(t *testing.T) {
	w := newWorld(t, storetest.NewMemory())
	raw := w.blob(7, w.entry(1))
	w.serve(func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Length", fmt.Sprint(len(raw)))
		_, _ = out.Write(raw)
	})
	var done, total int64
	got, err := w.service.Fetch(t.Context(), w.root, func(d, all int64) { done, total = d, all })
	if err != nil || !got.Fresh || got.Blob.Number != 7 || got.Blob.Source != w.service.Address {
		t.Fatalf("got %+v, %v", got, err)
	}
	if done != int64(len(raw)) || total != done {
		t.Errorf("progress ended at %d of %d, want %d", done, total, len(raw))
	}
}

func TestFetchFails(t *testing.T) {
	for _, row := range []struct {
		name    string
		handler http.HandlerFunc
		want    mfa.Code
	}{
		{"not found", http.NotFound, mfa.CodeMetadataDownload},
		{"a page instead", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>sign in to this network</html>") }, mfa.CodeMetadataMalformed},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, "eyJ")
		}, mfa.CodeMetadataDownload},
		{"announced too large", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "99999999999") }, mfa.CodeMetadataTooLarge},
		{"sent elsewhere", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://blob.example.org/", http.StatusFound)
		}, mfa.CodeMetadataDownload},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, storetest.NewMemory())
			w.serve(row.handler)
			if _, err := w.service.Fetch(t.Context(), w.root, nil); !mfa.IsCode(err, row.want) {
				t.Errorf("got %v, want %s", err, row.want)
			}
			if m, _, err := w.service.Current(t.Context()); m != nil || err != nil || w.events() != 0 {
				t.Error("something was kept")
			}
		})
	}
	t.Run("a user", func(t *testing.T) {
		w := newWorld(t, storetest.NewMemory())
		w.serve(func(http.ResponseWriter, *http.Request) { t.Error("the network was asked for somebody who may not") })
		if _, err := w.service.Fetch(t.Context(), w.alice, nil); !mfa.IsCode(err, mfa.CodeAccessDenied) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		w := newWorld(t, storetest.NewMemory())
		ctx, cancel := context.WithCancel(t.Context())
		w.serve(func(out http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
		if _, err := w.service.Fetch(ctx, w.root, nil); !mfa.IsCode(err, mfa.CodeCancelled) {
			t.Errorf("got %v", err)
		}
	})
}
