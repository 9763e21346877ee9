package metadata

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/keyferry/keyferry/backend/mds"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Address is where FIDO publishes the BLOB (section 3.2), without a login.
const Address = "https://mds3.fidoalliance.org/"

// A download that says nothing for so long, or takes so long in all, is given up.
const (
	answerTimeout = 30 * time.Second
	fetchTimeout  = 5 * time.Minute
)

// Progress tells how far a download is, in bytes; total is 0 while it is unknown.
type Progress func(done, total int64)

// Fetch gets the newest BLOB from the official address and imports it. The
// connection's certificate is judged by the machine's roots, as any download; what
// makes the BLOB genuine is its signature, as with a file.
//
// As Import fails; metadata-download (host).
func (s *Service) Fetch(ctx context.Context, who mfa.Session, progress Progress) (Imported, error) {
	acting, err := s.Accounts.May(ctx, who, mfa.OpImportMetadata, "")
	if err != nil {
		return Imported{}, err
	}
	raw, err := s.download(ctx, progress)
	if err != nil {
		return Imported{}, err
	}
	s.importing.Lock()
	defer s.importing.Unlock()
	return s.accept(ctx, acting.Caller, raw, s.Anchors, s.address())
}

func (s *Service) address() string {
	if s.Address != "" {
		return s.Address
	}
	return Address
}

func (s *Service) download(ctx context.Context, progress Progress) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.address(), nil)
	if err != nil {
		return nil, mfa.Fail(mfa.CodeInternal).Because(err)
	}
	failed := func(err error) error {
		if cause := context.Cause(ctx); errors.Is(cause, context.Canceled) {
			return mfa.Fail(mfa.CodeCancelled).Because(cause)
		}
		return mfa.Fail(mfa.CodeMetadataDownload, "host", request.URL.Hostname()).Because(err)
	}
	answer, err := s.client().Do(request)
	if err != nil {
		return nil, failed(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, failed(fmt.Errorf("metadata: HTTP status %d", answer.StatusCode))
	}
	if answer.ContentLength > mds.MaxBlob {
		return nil, mfa.Fail(mfa.CodeMetadataTooLarge, "limit", fmt.Sprint(mds.MaxBlob>>20, " MB"))
	}
	return read(&counted{from: answer.Body, total: max(0, answer.ContentLength), progress: progress, failed: failed})
}

// client follows redirects only to FIDO's own hosts, and only by HTTPS.
func (s *Service) client() *http.Client {
	transport := s.HTTP
	if transport == nil {
		own := http.DefaultTransport.(*http.Transport).Clone()
		own.ResponseHeaderTimeout = answerTimeout
		transport = own
	}
	return &http.Client{Transport: transport, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if len(via) > 5 || !near(via[0].URL, r.URL) {
			return errors.New("metadata: redirected away from FIDO")
		}
		return nil
	}}
}

// near reports the same host, or another one of the same domain, and the same scheme.
func near(asked, told *url.URL) bool {
	_, domain, _ := strings.Cut(asked.Hostname(), ".")
	return told.Scheme == asked.Scheme &&
		(told.Host == asked.Host || strings.HasSuffix(told.Hostname(), "."+domain) && strings.Contains(domain, "."))
}

// counted tells how much was read.
type counted struct {
	from        io.Reader
	done, total int64
	progress    Progress
	failed      func(error) error
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	if c.done += int64(n); n > 0 && c.progress != nil {
		c.progress(c.done, c.total)
	}
	if err != nil && err != io.EOF {
		err = c.failed(err)
	}
	return n, err
}
