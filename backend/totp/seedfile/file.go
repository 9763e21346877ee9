package seedfile

import (
	"context"
	"strconv"
	"strings"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
)

// Bounds. 10,000 encrypted PSKC tokens are about 20 MB.
const (
	MaxFile  = 32 << 20 // bytes
	MaxRows  = 50_000
	MaxLine  = 8192 // bytes, in text files
	MaxField = 256  // bytes of a serial, a name or a number
)

// Format is a kind of seed file.
type Format string

const (
	PSKC        Format = "pskc"
	SafeNet     Format = "safenet"
	Entra       Format = "entra-csv"
	OATH        Format = "oath-csv"
	Yubico      Format = "yubico-log"
	OTPAuthList Format = "otpauth-list"
)

// IsVirtual reports that the rows describe authenticator apps, not hardware.
func (f Format) IsVirtual() bool { return f == OTPAuthList }

// Row is one token of a file. What could be read stands in it even where there is
// a problem.
type Row struct {
	Line         int    // of a text file, from 1; of XML: the number of the key, from 1
	Serial       string // as in the file; empty for otpauth
	Label        string // whom or what it is for: UPN, user, account; may be empty
	Issuer       string // otpauth and PSKC; may be empty
	Manufacturer string // may be empty
	Model        string
	Type         totp.Type
	Params       totp.Params
	HashAssumed  bool         // Params.Algorithm follows from the seed's length, not from the file's word
	Drift        int          // steps that the vendor measured (PSKC TimeDrift)
	Counter      uint64       // HOTP only
	KeyID        string       // PSKC only
	Seed         *mfa.Secret  // nil where it could not be read
	Problem      *mfa.Failure // nil: the row can be imported
}

// File is what was read.
type File struct {
	Format Format
	Rows   []Row
}

// Unlock opens an encrypted PSKC file. The caller wipes what it gave.
type Unlock struct {
	Key      *mfa.Secret // pre-shared key: 16, 24 or 32 bytes, see ParseKey
	Password *mfa.Secret
}

// Read reads a seed file of any format. It fails, for the whole file, with
//
//	seed-file-too-large   (limit) more than MaxFile bytes or MaxRows tokens
//	seed-file-encoding    not UTF-8
//	seed-file-unknown     none of the formats, or PSKC of another version
//	seed-file-unsafe      XML with a document type
//	seed-file-damaged     (line) broken XML, or XML nested too deep
//	seed-file-encryption  (what) PSKC encrypted in a way that is not supported
//	seed-key-needed, seed-password-needed, seed-password-wrong
//	cancelled
//
// A row's Problem is one of
//
//	seed-file-row         (line, field) this field cannot be read
//	seed-file-mac         (line) the MAC of its seed is wrong or missing
//	token-duplicate       (serial, line of the first) the serial came before
//	seed-duplicate        (serial, line of the first) the seed did: each of the two would
//	                      take the other's codes
//	token-counter-based, token-no-clock, token-unsupported (what)
func Read(ctx context.Context, data []byte, unlock Unlock) (*File, error) {
	format, body, err := detect(data)
	if err != nil {
		return nil, err
	}
	f := &File{Format: format}
	if err := f.read(ctx, body, unlock); err != nil {
		f.Wipe()
		return nil, err
	}
	f.nameDuplicates()
	return f, nil
}

func (f *File) read(ctx context.Context, body []byte, unlock Unlock) error {
	switch f.Format {
	case PSKC:
		return f.readPSKC(ctx, body, unlock)
	case SafeNet:
		return f.readSafeNet(ctx, body)
	case Entra:
		return f.readEntra(ctx, body)
	case Yubico:
		return f.readYubico(ctx, body)
	case OTPAuthList:
		return f.readOTPAuth(ctx, body)
	default:
		return f.readOATH(ctx, body)
	}
}

// Wipe wipes all seeds.
func (f *File) Wipe() {
	if f == nil {
		return
	}
	for i := range f.Rows {
		f.Rows[i].Seed.Wipe()
	}
}

// Usable counts the rows that can be imported.
func (f *File) Usable() int {
	n := 0
	for _, r := range f.Rows {
		if r.Problem == nil {
			n++
		}
	}
	return n
}

// add appends a row, and decides what only its values can say.
func (f *File) add(r Row) error {
	if len(f.Rows) >= MaxRows {
		r.Seed.Wipe()
		return tooLarge(strconv.Itoa(MaxRows))
	}
	if r.Problem == nil {
		switch {
		case r.Type != totp.TOTP:
			r.Problem = mfa.Fail(mfa.CodeTokenCounterBased)
		default:
			r.Problem = mfa.AsFailure(r.Params.Check())
		}
	}
	f.Rows = append(f.Rows, r)
	return nil
}

func tooLarge(limit string) error { return mfa.Fail(mfa.CodeSeedFileTooLarge, "limit", limit) }

// badRow names a field of a row.
func badRow(line int, field string) *mfa.Failure {
	return mfa.Fail(mfa.CodeSeedFileRow, "line", strconv.Itoa(line), "field", field)
}

// nameDuplicates marks rows whose serial (without case) or seed came before. Rows
// that have a problem already keep it.
func (f *File) nameDuplicates() {
	serials, seeds, hash := map[string]int{}, map[totp.Digest]int{}, totp.NewDigester()
	for i := range f.Rows {
		r := &f.Rows[i]
		first, code := 0, mfa.CodeTokenDuplicate
		if serial := strings.ToLower(r.Serial); serial != "" {
			if first = serials[serial]; first == 0 {
				serials[serial] = r.Line
			}
		}
		if r.Seed.Len() > 0 {
			sum := hash(r.Seed)
			if other := seeds[sum]; other == 0 {
				seeds[sum] = r.Line
			} else if first == 0 {
				first, code = other, mfa.CodeSeedDuplicate
			}
		}
		if first != 0 && r.Problem == nil {
			name := r.Serial
			if name == "" {
				name = r.Label
			}
			r.Problem = mfa.Fail(code, "serial", name, "line", strconv.Itoa(first))
		}
	}
}

// validSerial is the pattern of the API, without its length: tokens with shorter
// serials exist (see DeviceSerial).
func validSerial(s string) bool {
	if len(s) < 1 || len(s) > MaxField {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("_+=/:,.@-", c) >= 0) {
			return false
		}
	}
	return true
}

// minSerial is the shortest serial number a device may have.
const minSerial = 9

// DeviceSerial is the serial number for the device of a row: the token's own, with
// zeros before it if it is shorter than nine characters. mapped says that they
// differ, and that the person should see both.
func DeviceSerial(serial string) (number string, mapped bool) {
	if short := minSerial - len(serial); serial != "" && short > 0 {
		return strings.Repeat("0", short) + serial, true
	}
	return serial, false
}
