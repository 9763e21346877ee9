package seedfile

import (
	"context"
	"encoding/xml"
	"strconv"
	"strings"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
)

// The elements of RFC 6030 section 4, as far as they matter. They are matched by
// their local names: vendors are free with prefixes.
type (
	xmlDevice struct {
		Manufacturer string
		SerialNo     string
		Model        string
	}
	xmlKey struct {
		ID           string `xml:"Id,attr"`
		Algorithm    string `xml:",attr"`
		Issuer       string
		Suite        string    `xml:"AlgorithmParameters>Suite"`
		Response     xmlFormat `xml:"AlgorithmParameters>ResponseFormat"`
		Secret       *xmlValue `xml:"Data>Secret"`
		Counter      *xmlValue `xml:"Data>Counter"`
		Time         *xmlValue `xml:"Data>Time"`
		TimeInterval *xmlValue `xml:"Data>TimeInterval"`
		TimeDrift    *xmlValue `xml:"Data>TimeDrift"`
	}
	xmlFormat struct {
		Length      string `xml:",attr"`
		Encoding    string `xml:",attr"`
		CheckDigits string `xml:",attr"`
	}
)

// readPSKC reads a container key by key. What stands before the first key says how
// the keys are sealed.
func (f *File) readPSKC(ctx context.Context, data []byte, unlock Unlock) error {
	x := openXML(data)
	start, err := x.root()
	if err != nil {
		return err
	}
	if version := attribute(start, "Version"); version != "" && version != "1" && version != "1.0" {
		return mfa.Fail(mfa.CodeSeedFileUnknown)
	}
	c := &container{unlock: unlock}
	defer c.wipe()
	err = x.children(ctx, func(start xml.StartElement) error {
		switch start.Name.Local {
		case "EncryptionKey":
			return x.DecodeElement(&c.encryption, &start)
		case "MACMethod":
			return x.DecodeElement(&c.mac, &start)
		case "KeyPackage":
			return f.keyPackage(ctx, x, c)
		}
		return x.Skip()
	})
	if err != nil {
		return err
	}
	return x.finish()
}

// keyPackage reads one token: its device, then its keys.
func (f *File) keyPackage(ctx context.Context, x *xmlFile, c *container) error {
	var device xmlDevice
	return x.children(ctx, func(start xml.StartElement) error {
		switch start.Name.Local {
		case "DeviceInfo":
			return x.DecodeElement(&device, &start)
		case "Key":
			var k xmlKey
			defer k.wipe()
			if err := x.DecodeElement(&k, &start); err != nil {
				return err
			}
			r, err := c.row(ctx, len(f.Rows)+1, device, k)
			if err != nil {
				return err
			}
			return f.add(r)
		}
		return x.Skip()
	})
}

func (k *xmlKey) wipe() {
	for _, v := range []*xmlValue{k.Secret, k.Counter, k.Time, k.TimeInterval, k.TimeDrift} {
		if v != nil {
			clear(v.Plain)
		}
	}
}

// row makes a row of a key. The error is one of the whole file.
func (c *container) row(ctx context.Context, number int, device xmlDevice, k xmlKey) (Row, error) {
	r := Row{Line: number, Params: totp.Default}
	names := []struct {
		to         *string
		from, name string
	}{
		{&r.Serial, device.SerialNo, "SerialNo"}, {&r.Manufacturer, device.Manufacturer, "Manufacturer"}, {&r.Model, device.Model, "Model"},
		{&r.Issuer, k.Issuer, "Issuer"}, {&r.KeyID, k.ID, "Id"},
	}
	for _, n := range names {
		text, ok := short([]byte(strings.TrimSpace(n.from)))
		if *n.to = text; !ok {
			r.Problem = badRow(number, n.name)
			return r, nil
		}
	}
	if r.Serial == "" {
		r.Serial = r.KeyID
	}
	unsupported, bad := r.profile(k)
	if bad == "" {
		var err error
		if bad, err = r.values(ctx, c, k, &unsupported); err != nil {
			if !mfa.IsCode(err, mfa.CodeSeedFileMAC) {
				r.Seed.Wipe()
				return Row{}, err
			}
			r.Problem = mfa.Fail(mfa.CodeSeedFileMAC, "line", strconv.Itoa(number))
			return r, nil
		}
	}
	switch {
	case bad != "":
		r.Problem = badRow(number, bad)
	case unsupported != "":
		r.Problem = mfa.Fail(mfa.CodeTokenUnsupported, "what", unsupported)
	case !validSerial(r.Serial) && r.Type == totp.TOTP:
		r.Problem = badRow(number, "SerialNo")
	}
	return r, nil
}

// profile reads the kind of key (RFC 6030 section 10), its hash and its format.
func (r *Row) profile(k xmlKey) (unsupported, bad string) {
	profile := strings.ToLower(k.Algorithm[strings.LastIndexAny(k.Algorithm, ":#")+1:])
	switch {
	case k.Algorithm == "":
		unsupported = "no algorithm"
	case len(profile) > MaxField:
		return "", "Algorithm"
	case profile == string(totp.TOTP), profile == string(totp.HOTP):
		r.Type = totp.Type(profile)
	default:
		unsupported = profile
	}
	if suite := strings.TrimSpace(k.Suite); suite != "" && unsupported == "" {
		if r.Params.Algorithm = suiteHash(suite); len(suite) > MaxField {
			return "", "Suite"
		}
	}
	if k.Response.Length != "" {
		n, ok := decimal([]byte(strings.TrimSpace(k.Response.Length)))
		if !ok || n > 64 {
			return "", "Length"
		}
		r.Params.Digits = int(n)
	}
	switch k.Response.CheckDigits {
	case "", "0", "false":
	case "1", "true":
		unsupported = "CheckDigits"
	default:
		return "", "CheckDigits"
	}
	if e := k.Response.Encoding; e != "" && e != "DECIMAL" && unsupported == "" {
		if unsupported = e; len(e) > MaxField {
			return "", "Encoding"
		}
	}
	return unsupported, ""
}

var suiteMarks = strings.NewReplacer("-", "", "_", "")

// suiteHash reads a hash as vendors write it: HMAC-SHA256, HmacSHA256, SHA-256.
func suiteHash(suite string) totp.Algorithm {
	name := strings.ToUpper(suite)
	plain := totp.Algorithm(strings.TrimPrefix(suiteMarks.Replace(name), "HMAC"))
	if plain == totp.SHA1 || plain == totp.SHA256 || plain == totp.SHA512 {
		return plain
	}
	return totp.Algorithm(name)
}

// values reads the seed and the numbers beside it. A bad one is named.
func (r *Row) values(ctx context.Context, c *container, k xmlKey, unsupported *string) (bad string, err error) {
	if k.Secret != nil {
		seed, ok, err := c.secret(ctx, k.Secret)
		if err != nil {
			return "", err
		}
		if !ok {
			return "Secret", nil
		}
		r.Seed = seed
	}
	var start, interval, drift int64
	for _, n := range []struct {
		from *xmlValue
		name string
		to   *int64
	}{{k.Counter, "Counter", new(int64)}, {k.Time, "Time", &start}, {k.TimeInterval, "TimeInterval", &interval}, {k.TimeDrift, "TimeDrift", &drift}} {
		if n.from == nil {
			continue
		}
		value, ok, err := c.integer(ctx, n.from)
		if err != nil {
			return "", err
		}
		if !ok {
			return n.name, nil
		}
		if *n.to = value; n.name == "Counter" {
			r.Counter = uint64(max(0, value))
		}
	}
	switch {
	case k.Secret == nil:
		return "Secret", nil
	case k.TimeInterval != nil && (interval < 1 || interval > 24*60*60):
		return "TimeInterval", nil
	case drift < -1e6 || drift > 1e6:
		return "TimeDrift", nil
	case start != 0 && r.Type == totp.TOTP && *unsupported == "":
		*unsupported = "Time"
	}
	if interval > 0 {
		r.Params.Period = time.Duration(interval) * time.Second
	}
	r.Drift = int(drift)
	return "", nil
}
