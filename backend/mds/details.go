package mds

import (
	"bytes"
	"encoding/base64"
	"image/jpeg"
	"image/png"
	"sort"
	"strconv"
	"strings"
)

const (
	maxPicture = 256 << 10 // of a data: address
	maxSide    = 2048      // pixels
	maxEntry   = 8 << 20   // bytes of an entry that is read whole
)

// Statement is what a model's metadata statement says beyond the index. All of it is
// untrusted text.
type Statement struct {
	Name         string
	Descriptions map[string]string // alternativeDescriptions, by language
	Legal        string
	// Picture is a data: address of a PNG or JPEG of at most 256 KB and 2048 pixels a
	// side; empty when there is none, or another.
	Picture string
	// Facts are in a fixed order, each with values as the statement writes them:
	// protocol, versions, firmware, algorithms, attestation, user-verification,
	// key-protection, matcher-protection, crypto-strength, attachment, transports, display,
	// extensions, options, certifications, biometric, key-restricted, fresh-verification.
	Facts []Fact
}

// Fact is one thing that a statement says.
type Fact struct {
	Name   string
	Values []string
}

// Details reads a model's statement out of the BLOB that the model came from. It finds
// the entry by its place and verifies nothing again: the BLOB must be one that Open
// accepted. Another file is metadata-malformed with what=entry.
func Details(blob []byte, m *Model) (Statement, error) {
	entry, ok := slice(blob, m.start, m.end)
	if !ok {
		return Statement{}, malformed("entry", m.ID)
	}
	d := details{scanner: scanner{data: entry}, facts: map[string][]string{}}
	named := false
	d.object(func(name []byte) {
		switch string(name) {
		case "aaguid":
			text, _ := d.text(maxWord)
			id, _ := parseAAGUID(text)
			named = named || id == m.AAGUID && !id.IsZero()
		case "aaid":
			text, _ := d.text(maxWord)
			named = named || text != "" && text == m.AAID
		case "attestationCertificateKeyIdentifiers":
			d.array(func(i int) {
				text, _ := d.text(2 * maxWord)
				named = named || strings.EqualFold(text, m.ID)
			})
		case "metadataStatement":
			d.object(d.statement)
		case "biometricStatusReports":
			d.array(func(int) { d.object(d.biometric) })
		default:
			d.skip()
		}
	})
	d.end()
	if d.err != nil || !named {
		return Statement{}, malformed("entry", m.ID)
	}
	if d.out.Name == "" {
		d.out.Name = m.Name
	}
	if d.facts["versions"] == nil { // getInfo says more than upv
		d.facts["versions"] = d.facts["upv"]
	}
	for _, name := range factOrder {
		if values := d.facts[name]; len(values) > 0 {
			d.out.Facts = append(d.out.Facts, Fact{name, values})
		}
	}
	return d.out, nil
}

var factOrder = []string{
	"protocol", "versions", "firmware", "algorithms", "attestation", "user-verification", "key-protection", "matcher-protection",
	"crypto-strength", "attachment", "transports", "display", "extensions", "options", "certifications", "biometric",
	"key-restricted", "fresh-verification",
}

// slice decodes a part of the payload of a JWT. Four characters are three bytes, so
// it begins and ends where a group of them does.
func slice(blob []byte, start, end int) ([]byte, bool) {
	_, rest, _ := bytes.Cut(blob, []byte{'.'})
	text, _, ok := bytes.Cut(rest, []byte{'.'})
	if !ok || start < 0 || end <= start || end-start > maxEntry || end > base64.RawURLEncoding.DecodedLen(len(text)) {
		return nil, false
	}
	from, to := start/3*4, min((end+2)/3*4, len(text))
	data := make([]byte, base64.RawURLEncoding.DecodedLen(to-from))
	n, err := base64.RawURLEncoding.Decode(data, text[from:to])
	if err != nil || n != len(data) {
		return nil, false
	}
	return data[start-start/3*3 : end-start/3*3], true
}

// details reads one entry.
type details struct {
	scanner
	out   Statement
	facts map[string][]string
}

// statement reads a member of the metadata statement (MDS statement section 4).
func (d *details) statement(name []byte) {
	switch string(name) {
	case "description":
		d.out.Name, _ = d.text(maxText)
	case "legalHeader":
		d.out.Legal, _ = d.text(4096)
	case "icon":
		d.out.Picture = picture(d.bytes())
	case "alternativeDescriptions":
		d.object(func(language []byte) {
			key := clean(unquote(language), maxWord)
			if text, ok := d.text(maxText); ok && len(d.out.Descriptions) < maxWords {
				if d.out.Descriptions == nil {
					d.out.Descriptions = map[string]string{}
				}
				d.out.Descriptions[key] = text
			}
		})
	case "upv":
		d.array(func(int) {
			var major, minor int64
			d.object(func(name []byte) {
				switch string(name) {
				case "major":
					major, _ = d.number()
				case "minor":
					minor, _ = d.number()
				default:
					d.skip()
				}
			})
			d.add("upv", strconv.FormatInt(major, 10)+"."+strconv.FormatInt(minor, 10))
		})
	case "userVerificationDetails":
		d.array(func(int) {
			var together []string
			d.array(func(int) {
				d.object(func(name []byte) {
					if string(name) != "userVerificationMethod" {
						d.skip()
					} else if method, ok := d.text(maxWord); ok && len(together) < maxWords {
						together = append(together, method)
					}
				})
			})
			d.add("user-verification", strings.Join(together, " + "))
		})
	case "authenticatorGetInfo":
		d.object(d.getInfo)
	default:
		if fact, known := statementFacts[string(name)]; known {
			d.values(fact)
		} else {
			d.skip()
		}
	}
}

var statementFacts = map[string]string{
	"protocolFamily": "protocol", "authenticatorVersion": "firmware", "authenticationAlgorithms": "algorithms", "attestationTypes": "attestation",
	"keyProtection": "key-protection", "matcherProtection": "matcher-protection", "cryptoStrength": "crypto-strength", "attachmentHint": "attachment",
	"tcDisplay": "display", "isKeyRestricted": "key-restricted", "isFreshUserVerificationRequired": "fresh-verification",
}

func (d *details) getInfo(name []byte) {
	switch string(name) {
	case "versions":
		d.values("versions")
	case "extensions", "transports":
		d.values(string(name))
	case "options", "certifications":
		fact := string(name)
		d.object(func(name []byte) {
			key := clean(unquote(name), maxWord)
			d.next()
			start := d.pos
			if d.skip(); d.err == nil {
				d.add(fact, key+"="+clean(string(d.data[start:min(d.pos, start+maxWord)]), maxWord))
			}
		})
		sort.Strings(d.facts[fact])
	default:
		d.skip()
	}
}

// biometric reads a member of a biometric status report (MDS section 3.1.2).
func (d *details) biometric(name []byte) {
	if string(name) == "modality" {
		d.values("biometric")
	} else {
		d.skip()
	}
}

// values takes one value or a list of them.
func (d *details) values(fact string) {
	one := func() {
		switch c := d.next(); c {
		case '"':
			text, _ := d.text(maxText)
			d.add(fact, text)
		case '{', '[', 'n':
			d.skip()
		default:
			start := d.pos
			if d.skip(); d.err == nil {
				d.add(fact, string(d.data[start:min(d.pos, start+maxWord)]))
			}
		}
	}
	if d.next() == '[' {
		d.array(func(int) { one() })
	} else {
		one()
	}
}

func (d *details) add(fact, value string) {
	if value != "" && len(d.facts[fact]) < maxWords {
		d.facts[fact] = append(d.facts[fact], value)
	}
}

// picture lets through what a page can show without risk: the size of what a picture
// unfolds to is bounded as well, and SVG, which can refer to other things, is left out.
func picture(text []byte) string {
	if len(text) > maxPicture {
		return ""
	}
	address := unquote(text)
	kind, data, ok := strings.Cut(address, ";base64,")
	if !ok {
		return ""
	}
	raw, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		return ""
	}
	config := png.DecodeConfig
	switch strings.ToLower(kind) {
	case "data:image/png":
		kind = "data:image/png"
	case "data:image/jpeg", "data:image/jpg":
		kind, config = "data:image/jpeg", jpeg.DecodeConfig
	default:
		return ""
	}
	size, err := config(bytes.NewReader(raw))
	if err != nil || size.Width > maxSide || size.Height > maxSide || size.Width*size.Height == 0 {
		return ""
	}
	return kind + ";base64," + base64.StdEncoding.EncodeToString(raw)
}
