package stock

import (
	"context"
	"sync"
	"time"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
	"github.com/keyferry/keyferry/backend/totp/seedfile"
)

// Service reads seed files into the stock of an account.
type Service struct {
	store    mfa.Store
	accounts *account.Service
	vault    mfa.Sealer
	clock    func() time.Time
}

// Config is what a Service is made of.
type Config struct {
	Store    mfa.Store
	Accounts *account.Service
	Vault    mfa.Sealer
	Clock    func() time.Time // dates the tokens; time.Now if nil
}

// New makes the service.
func New(c Config) *Service {
	s := &Service{store: c.Store, accounts: c.Accounts, vault: c.Vault, clock: c.Clock}
	if s.clock == nil {
		s.clock = time.Now
	}
	return s
}

// Secrets open an encrypted PSKC file. The caller wipes them.
type Secrets struct {
	Password *mfa.Secret
	Key      *mfa.Secret // 16, 24 or 32 bytes, see seedfile.ParseKey
}

// Preview is a seed file that was read and not saved. It holds seeds until Wipe, or
// until its tokens were imported. Its methods may be called while it is imported.
type Preview struct {
	Format seedfile.Format
	Rows   []Row // not to be changed

	mu    sync.Mutex
	file  *seedfile.File // one row for each of Rows
	wiped bool
}

// Preview reads a seed file. data is not changed, and the caller wipes it. It needs
// keyferry:ImportTokens and fails as account.Service.May and seedfile.Read do.
//
// A row's Problem is one that seedfile.Read names, or
//
//	token-unsupported  (what) codes of other than six digits; IAM knows six only
//	serial-invalid     (min, max) the number cannot be a device's, mapped or not
//	token-duplicate    (serial, line of the first) another row is called the same here
//	serial-taken       (serial) the account has such a device
//	seed-taken         (serial of the device) a device of the account has this seed; as
//	                   long as the vault is locked nobody can tell
func (s *Service) Preview(ctx context.Context, who mfa.Session, data []byte, secrets Secrets) (*Preview, error) {
	if _, err := s.accounts.May(ctx, who, mfa.OpImportTokens, ""); err != nil {
		return nil, err
	}
	file, err := seedfile.Read(ctx, data, seedfile.Unlock{Key: secrets.Key, Password: secrets.Password})
	if err != nil {
		return nil, err
	}
	p := &Preview{Format: file.Format, Rows: make([]Row, len(file.Rows)), file: file}
	numbers := make([]string, 0, len(file.Rows))
	for i, row := range file.Rows {
		p.Rows[i] = rowOf(file.Format, row)
		if p.Rows[i].Problem == nil {
			numbers = append(numbers, p.Rows[i].Number())
		}
	}
	known, err := s.store.KnownSerials(ctx, numbers)
	if err != nil {
		p.Wipe()
		return nil, err
	}
	checkSerials(p.Rows, known)
	if err := s.checkSeeds(ctx, p); err != nil {
		p.Wipe()
		return nil, err
	}
	return p, nil
}

// Good is how many rows can be imported.
func (p *Preview) Good() int { return len(p.Rows) - p.Bad() }

// Bad is how many rows have a problem.
func (p *Preview) Bad() int {
	n := 0
	for i := range p.Rows {
		if p.Rows[i].Problem != nil {
			n++
		}
	}
	return n
}

// maxCodes bounds one call of Codes: no screen shows more rows.
const maxCodes = 500

// Codes is what the tokens of count rows from the given one on show at now, for
// comparing them. It is empty where a token has no clock or its seed could not be
// read, and for all rows after Wipe. A bad row has its code, too, if one can be made.
func (p *Preview) Codes(now time.Time, from, count int) []string {
	from = min(max(from, 0), len(p.Rows))
	count = min(max(count, 0), len(p.Rows)-from, maxCodes)
	codes := make([]string, count)
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range codes {
		if r := p.file.Rows[from+i]; !p.wiped && r.Type == totp.TOTP {
			codes[i], _ = totp.Code(r.Seed, r.Params, now)
		}
	}
	return codes
}

// Wipe wipes the seeds. The rows stay. It may be called twice, and on nil.
func (p *Preview) Wipe() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.file.Wipe()
	p.wiped = true
}
