package stock

import (
	"strconv"
	"strings"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
	"github.com/keyferry/keyferry/backend/totp/seedfile"
)

// digits is how many a code has that somebody can sign in with (IAM:
// authenticationCodeType is six).
const digits = 6

// Row is one token of a file, as it is shown before anything is saved.
type Row struct {
	Line         int    // of a text file, from 1; of XML: the number of the key, from 1
	Serial       string // as in the file; empty for otpauth
	Mapped       string // what it will be called here, where Serial cannot be used as it is
	Manufacturer string // may be empty
	Model        string
	Label        string // whom or what it is for, as the file says; may be empty
	Params       totp.Params
	HashAssumed  bool         // the file does not name the hash: it follows from the seed's length
	Problem      *mfa.Failure // nil: the row can be imported
}

// Number is the serial number that the device will have.
func (r Row) Number() string {
	if r.Mapped != "" {
		return r.Mapped
	}
	return r.Serial
}

// rowOf shows a row of a file.
func rowOf(f seedfile.Format, from seedfile.Row) Row {
	r := Row{Line: from.Line, Serial: from.Serial, Manufacturer: from.Manufacturer, Model: from.Model, Label: from.Label,
		Params: from.Params, HashAssumed: from.HashAssumed, Problem: from.Problem}
	if f.IsVirtual() {
		r.Label = name(from.Issuer, from.Label)
	}
	r.Mapped = mapped(f, from)
	if r.Problem != nil {
		return r
	}
	if r.Params.Digits != digits {
		r.Problem = mfa.Fail(mfa.CodeTokenUnsupported, "what", strconv.Itoa(r.Params.Digits)+" digits")
		return r
	}
	r.Problem = mfa.AsFailure(mfa.CheckSerial(r.Number()))
	return r
}

// checkSerials marks the good rows whose number came before or is known already.
// Mapping can make two numbers equal that are not in the file: 1234567 and 001234567.
func checkSerials(rows []Row, known map[string]bool) {
	first := make(map[string]int, len(rows))
	for i := range rows {
		r := &rows[i]
		if r.Problem != nil {
			continue
		}
		number := mfa.FoldName(r.Number())
		switch line, repeated := first[number]; {
		case repeated:
			r.Problem = mfa.Fail(mfa.CodeTokenDuplicate, "serial", r.Number(), "line", strconv.Itoa(line))
		case known[number]:
			r.Problem = mfa.Fail(mfa.CodeSerialTaken, "serial", r.Number())
		default:
			first[number] = r.Line
		}
	}
}

// name is issuer and account as an address writes them.
func name(issuer, account string) string {
	if issuer == "" {
		return account
	}
	return strings.TrimSpace(issuer) + ":" + account
}
