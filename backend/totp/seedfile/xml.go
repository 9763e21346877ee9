package seedfile

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/keyferry/keyferry/backend/mfa"
)

// maxDepth is more than any seed file needs: PSKC with a password goes 7 deep.
const maxDepth = 16

// pskcNamespace begins the namespace of RFC 6030 and of its drafts.
const pskcNamespace = "urn:ietf:params:xml:ns:keyprov:pskc"

var (
	errDocumentType = errors.New("seedfile: a document type")
	errDepth        = errors.New("seedfile: elements are nested too deep")
	errInstruction  = errors.New("seedfile: a processing instruction")
	errCharset      = errors.New("seedfile: a declared encoding that is not UTF-8")
	errRoot         = errors.New("seedfile: no root element")
)

// tokens hands raw XML tokens on while they keep to the bounds. Without a document
// type there are no entities but the five that XML itself has, so nothing grows and
// nothing is fetched.
type tokens struct {
	in    *xml.Decoder
	depth int
}

// Token makes tokens an xml.TokenReader.
func (t *tokens) Token() (xml.Token, error) {
	token, err := t.in.RawToken()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case xml.Directive:
		return nil, errDocumentType
	case xml.ProcInst:
		if token.Target != "xml" {
			return nil, errInstruction
		}
	case xml.StartElement:
		if t.depth++; t.depth > maxDepth {
			return nil, errDepth
		}
	case xml.EndElement:
		t.depth--
	}
	return token, nil
}

// xmlFile reads a file element by element, so that its size in memory is that of
// one token's element.
type xmlFile struct {
	raw *tokens
	*xml.Decoder
}

func openXML(data []byte) *xmlFile {
	in := xml.NewDecoder(bytes.NewReader(data))
	in.CharsetReader = func(charset string, input io.Reader) (io.Reader, error) {
		switch strings.ToLower(charset) {
		case "us-ascii", "iso-8859-1", "windows-1252": // the bytes are known to be UTF-8
			return input, nil
		}
		return nil, errCharset
	}
	raw := &tokens{in: in}
	return &xmlFile{raw: raw, Decoder: xml.NewTokenDecoder(raw)}
}

// fail makes a failure of what went wrong while reading.
func (x *xmlFile) fail(err error) error {
	var f *mfa.Failure
	switch {
	case err == nil || errors.As(err, &f):
		return err
	case errors.Is(err, errDocumentType):
		return mfa.Fail(mfa.CodeSeedFileUnsafe).Because(err)
	case errors.Is(err, errCharset):
		return mfa.Fail(mfa.CodeSeedFileEncoding).Because(err)
	}
	// the parser's own words can quote the file, so they are not kept
	number, _ := x.raw.in.InputPos()
	return mfa.Fail(mfa.CodeSeedFileDamaged, "line", strconv.Itoa(number))
}

// root is the first element.
func (x *xmlFile) root() (xml.StartElement, error) {
	for {
		token, err := x.Token()
		if errors.Is(err, io.EOF) {
			err = errRoot
		}
		if err != nil {
			return xml.StartElement{}, x.fail(err)
		}
		if start, ok := token.(xml.StartElement); ok {
			return start, nil
		}
	}
}

// children calls each for the elements right under the one that was just entered.
// each reads its element to the end.
func (x *xmlFile) children(ctx context.Context, each func(xml.StartElement) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return mfa.AsFailure(err)
		}
		token, err := x.Token()
		if err != nil {
			return x.fail(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if err := each(token); err != nil {
				return x.fail(err)
			}
		case xml.EndElement:
			return nil
		}
	}
}

// finish reads to the end of the file: there may be nothing but comments.
func (x *xmlFile) finish() error {
	for {
		token, err := x.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if _, again := token.(xml.StartElement); again {
			err = errRoot
		}
		if err != nil {
			return x.fail(err)
		}
	}
}

func detectXML(data []byte) (Format, error) {
	start, err := openXML(data).root()
	switch {
	case err != nil:
		return "", err
	case start.Name.Local == "KeyContainer" && strings.HasPrefix(start.Name.Space, pskcNamespace):
		return PSKC, nil
	case start.Name.Local == "Tokens":
		return SafeNet, nil
	}
	return "", mfa.Fail(mfa.CodeSeedFileUnknown)
}

// attribute is an attribute's value by its local name.
func attribute(start xml.StartElement, name string) string {
	for _, a := range start.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
