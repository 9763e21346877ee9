package seedfile

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
)

// The columns of the heading. Their order is free, and only two must be there.
const (
	columnUPN          = "upn"
	columnSerial       = "serial number"
	columnSecret       = "secret key"
	columnInterval     = "time interval"
	columnManufacturer = "manufacturer"
	columnModel        = "model"
)

// heading is the column names, with "timeinterval" and the like as the vendors
// variously write them.
func heading(fields [][]byte) []string {
	names := make([]string, len(fields))
	for i, field := range fields {
		name, _ := short(field)
		name = strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r == ' ' || r == '_' || r == '-' }), " ")
		switch name {
		case "serialnumber":
			name = columnSerial
		case "secretkey":
			name = columnSecret
		case "timeinterval":
			name = columnInterval
		}
		names[i] = name
	}
	return names
}

func isEntraHeading(fields [][]byte) bool {
	names := heading(fields)
	return slices.Contains(names, columnSerial) && slices.Contains(names, columnSecret)
}

func (f *File) readEntra(ctx context.Context, data []byte) error {
	var columns []string
	for l := range lines(data) {
		if err := ctx.Err(); err != nil {
			return mfa.AsFailure(err)
		}
		if l.comment {
			continue
		}
		fields, ok := l.fields()
		if columns == nil {
			columns = heading(fields)
			continue
		}
		r := Row{Line: l.number, Type: totp.TOTP, Params: totp.Default}
		switch {
		case !ok:
			r.Problem = badRow(l.number, "line")
		case len(fields) != len(columns):
			r.Problem = badRow(l.number, "columns")
		default:
			if field := r.entra(columns, fields); field != "" {
				r.Problem = badRow(l.number, field)
			}
		}
		if err := f.add(r); err != nil {
			return err
		}
	}
	return nil
}

// entra reads one row and names the first column that it cannot read. The service
// whose form this is knows SHA-1 and six digits only.
func (r *Row) entra(columns []string, fields [][]byte) (bad string) {
	for i, field := range fields {
		text, ok := short(field)
		switch columns[i] {
		case columnUPN:
			r.Label = text
		case columnManufacturer:
			r.Manufacturer = text
		case columnModel:
			r.Model = text
		case columnSerial:
			r.Serial, ok = text, validSerial(text)
		case columnInterval:
			var n uint64
			if n, ok = decimal(field); ok {
				ok = 1 <= n && n <= 24*60*60
				r.Params.Period = time.Duration(n) * time.Second
			}
		case columnSecret:
			if r.Seed != nil {
				return columnSecret // two such columns
			}
			seed, err := totp.ParseBase32(field)
			r.Seed, ok = seed, err == nil
		default:
			ok = true // columns of others
		}
		if !ok && bad == "" {
			bad = columns[i]
		}
	}
	return bad
}
