package seedfile

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/keyferry/keyferry/backend/mfa"
)

// detect tells a file's format by its structure, and gives the data without a byte
// order mark. It fails with seed-file-too-large, seed-file-encoding, seed-file-unknown,
// and for XML as Read.
func detect(data []byte) (Format, []byte, error) {
	if len(data) > MaxFile {
		return "", nil, tooLarge("32 MB")
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 { // UTF-16 without a mark has NULs
		return "", nil, mfa.Fail(mfa.CodeSeedFileEncoding)
	}
	if first := bytes.TrimLeft(data, " \t\r\n"); len(first) > 0 && first[0] == '<' {
		format, err := detectXML(data)
		return format, data, err
	}
	format, ok := detectText(data)
	if !ok {
		return "", nil, mfa.Fail(mfa.CodeSeedFileUnknown)
	}
	return format, data, nil
}

// detectText looks at comments and at the first line that is not one.
func detectText(data []byte) (Format, bool) {
	for l := range lines(data) {
		if l.comment {
			if fields := strings.Fields(string(l.text[:min(len(l.text), MaxField)])); len(fields) > 1 && fields[1] == "ykksm" {
				return Yubico, true
			}
			continue
		}
		if isOTPAuth(l.text) {
			return OTPAuthList, true
		}
		fields, ok := l.fields()
		switch {
		case !ok: // a first line that breaks off: of a CSV, or of nothing at all
			return OATH, len(fields) >= 2
		case isEntraHeading(fields):
			return Entra, true
		case isYubico(fields):
			return Yubico, true
		}
		return OATH, isOATH(fields)
	}
	return "", false
}
