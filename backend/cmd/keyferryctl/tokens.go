package main

import (
	"context"
	"flag"
	"strconv"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/stock"
	"github.com/keyferry/keyferry/backend/totp/seedfile"
)

// seedFlags open an encrypted seed file.
type seedFlags struct{ password, key *secretFlag }

func newSeedFlags(fs *flag.FlagSet) seedFlags {
	return seedFlags{newSecret(fs, "seed-password", "the password of an encrypted PSKC file"),
		newSecret(fs, "seed-key", "the pre-shared key of an encrypted PSKC file, as hex digits,")}
}

// preview reads a seed file. The caller wipes the preview.
func (f seedFlags) preview(ctx context.Context, s *seat, path string) (*stock.Preview, error) {
	var secrets stock.Secrets
	var err error
	if secrets.Password, err = f.password.given(); err != nil {
		return nil, err
	}
	defer secrets.Password.Wipe()
	typed, err := f.key.given()
	if err != nil {
		return nil, err
	}
	defer typed.Wipe()
	if typed != nil {
		if secrets.Key, err = seedfile.ParseKey(typed.Bytes()); err != nil {
			return nil, err
		}
		defer secrets.Key.Wipe()
	}
	data, err := readFile(path, seedfile.MaxFile)
	if err != nil {
		return nil, err
	}
	defer clear(data)
	return s.Stock.Preview(ctx, s.session, data, secrets)
}

type tokenRowJSON struct {
	Line         int          `json:"line"`
	Serial       string       `json:"serial"`
	Mapped       string       `json:"mapped,omitempty"` // what it will be called here, where that differs
	Manufacturer string       `json:"manufacturer,omitempty"`
	Model        string       `json:"model,omitempty"`
	Label        string       `json:"label,omitempty"`
	Hash         string       `json:"hash"`
	HashAssumed  bool         `json:"hash_assumed,omitempty"`
	Digits       int          `json:"digits"`
	Period       int          `json:"period"` // seconds
	Code         string       `json:"code,omitempty"`
	Failure      *failureJSON `json:"failure,omitempty"`
}

var tokenPreview = signed("token preview", "FILE", "show what is in a seed file, with the code that each token shows now", func(fs *flag.FlagSet) action {
	f := newSeedFlags(fs)
	return func(ctx context.Context, s *seat) error {
		p, err := f.preview(ctx, s, s.args[0])
		if err != nil {
			return err
		}
		defer p.Wipe()
		s.showPreview(p)
		return nil
	}
})

// codesAtOnce is how many rows one look at the clock is for.
const codesAtOnce = 200

func (s *seat) showPreview(p *stock.Preview) {
	rows, table := make([]tokenRowJSON, 0, len(p.Rows)), newTable("LINE", "SERIAL NUMBER", "HERE", "HASH", "DIGITS", "SECONDS", "CODE NOW", "FOR", "PROBLEM")
	var codesNow []string
	for i, r := range p.Rows {
		if i%codesAtOnce == 0 {
			codesNow = p.Codes(time.Now(), i, codesAtOnce)
		}
		j := tokenRowJSON{Line: r.Line, Serial: r.Serial, Mapped: r.Mapped, Manufacturer: r.Manufacturer, Model: r.Model, Label: r.Label,
			Hash: string(r.Params.Algorithm), HashAssumed: r.HashAssumed, Digits: r.Params.Digits, Period: int(r.Params.Period.Seconds()),
			Code: codesNow[i%codesAtOnce], Failure: asJSON(r.Problem)}
		rows = append(rows, j)
		hash, problem := j.Hash, ""
		if j.HashAssumed {
			hash += "?"
		}
		if r.Problem != nil {
			problem = codes(r.Problem)
		}
		table.row(strconv.Itoa(j.Line), j.Serial, j.Mapped, hash, strconv.Itoa(j.Digits), strconv.Itoa(j.Period), j.Code, j.Label, problem)
	}
	s.t.result(map[string]any{"format": p.Format, "rows": rows, "good": p.Good(), "bad": p.Bad()})
	s.t.say("%s\n%s: %s can be imported, %d cannot.", table, p.Format, plural(p.Good(), "token"), p.Bad())
}

var tokenImport = changing("token import", "FILE [--only-good]", "put the tokens of a seed file into the stock, all or none", func(fs *flag.FlagSet) action {
	f := newSeedFlags(fs)
	onlyGood := fs.Bool("only-good", false, "leave rows with problems out")
	return func(ctx context.Context, s *seat) error {
		p, err := f.preview(ctx, s, s.args[0])
		if err != nil {
			return err
		}
		defer p.Wipe()
		for _, r := range p.Rows {
			s.t.problem(r.Line, r.Number(), r.Problem)
		}
		n, err := s.Stock.Import(ctx, s.session, p, *onlyGood, s.t.progress("Sealed"))
		if err != nil {
			return err
		}
		s.t.result(map[string]any{"imported": n, "left_out": p.Bad(), "format": p.Format})
		s.t.say("Imported %s.", plural(n, "token"))
		return nil
	}
})

var tokenList = signed("token list", "", "list the tokens in stock", plain(func(ctx context.Context, s *seat) error {
	tokens, err := s.Devices.Tokens(ctx, s.session)
	if err != nil {
		return err
	}
	table := newTable("SERIAL NUMBER", "FROM", "HASH", "SECONDS", "IMPORTED")
	for _, d := range tokens {
		table.row(d.Serial, makerOf(d), d.OneTime.Algorithm, strconv.Itoa(int(d.OneTime.Period.Seconds())), when(d.CreatedAt))
	}
	s.t.result(map[string]any{"tokens": devicesJSON(tokens)})
	s.t.say("%s", table)
	return nil
}))

var tokenAssign = changing("token assign", "SERIAL --name N --codes A B [--user U]", "give a token in stock to somebody", func(fs *flag.FlagSet) action {
	user, codes := userFlag(fs), codesFlag(fs)
	name := fs.String("name", "", "what the device will be called (`N`)")
	return func(ctx context.Context, s *seat) error {
		first, second, err := codes.get()
		if err != nil {
			return err
		}
		if *name == "" {
			return usage("token assign needs --name")
		}
		target, err := s.target(ctx, mfa.OpEnableDevice, *user)
		if err != nil {
			return err
		}
		d, err := s.Ceremonies.AssignToken(ctx, s.session, target, s.args[0], *name, first, second)
		if err != nil {
			return err
		}
		s.t.result(deviceOf(d))
		s.t.say("Assigned %s as %s. These two codes are used up: sign in with the next one.", d.Serial, d.Name)
		return nil
	}
})

var tokenDelete = changing("token delete", "SERIAL [--yes]", "delete a token in stock", func(fs *flag.FlagSet) action {
	yes := yesFlag(fs)
	return func(ctx context.Context, s *seat) error {
		if _, err := s.Accounts.May(ctx, s.session, mfa.OpDeleteToken, ""); err != nil {
			return err
		}
		d, err := s.Store.DeviceBySerial(ctx, s.args[0])
		if err == nil && d.Kind != mfa.KindToken || mfa.IsCode(err, mfa.CodeNotFound) {
			return mfa.Fail(mfa.CodeNotFound, "what", "token").Because(err)
		}
		if err != nil {
			return err
		}
		return s.delete(ctx, d, *yes)
	}
})
