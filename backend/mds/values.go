package mds

import (
	"crypto/x509"
	"encoding/base64"
	"math"
	"strings"
	"time"
)

// certificate reads base64 of DER; line ends in it are common. Nil when it is none.
func (r *reader) certificate() []byte {
	text := r.bytes()
	if len(text) == 0 || len(text) > 2*maxCertificate {
		return nil
	}
	if der, known := r.certs[string(text)]; known {
		return der
	}
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(unquote(text)), ""))
	if err != nil || len(der) < minCertificate || len(der) > maxCertificate || der[0] != 0x30 {
		return nil
	}
	r.certs[string(text)] = der
	return der
}

// parses reports that a certificate of r.certs is one. What is none leads nowhere, and who
// asks why a device is not proven must find it among what is odd.
func (r *reader) parses(der []byte) bool {
	fit, known := r.fit[&der[0]]
	if !known {
		_, err := x509.ParseCertificate(der)
		fit = err == nil
		r.fit[&der[0]] = fit
	}
	return fit
}

// null steps over a null; it says what a missing member says.
func (r *reader) null() bool {
	if r.next() != 'n' {
		return false
	}
	r.skip()
	return true
}

// date reads YYYY-MM-DD, as a day in UTC. Some have a time after it.
func (r *reader) date() (time.Time, bool) {
	if r.null() {
		return time.Time{}, true
	}
	text, _ := r.text(maxWord)
	if text == "" {
		return time.Time{}, true
	}
	if len(text) > 10 && text[10] == 'T' {
		text = text[:10]
	}
	t, err := time.Parse(time.DateOnly, text)
	return t, err == nil
}

func (r *reader) version() uint32 {
	n, ok := r.number()
	if !ok || n < 0 || n > math.MaxUint32 {
		r.note("version")
		return 0
	}
	return uint32(n)
}

// word reads a short text that many entries share.
func (r *reader) word() string {
	raw := r.bytes()
	return r.intern(raw)
}

func (r *reader) intern(raw []byte) string {
	if w, known := r.words[string(raw)]; known {
		return w
	}
	w := clean(unquote(raw[:min(len(raw), 6*maxWord)]), maxWord)
	if len(r.words) < maxEntries {
		r.words[string(raw)] = w
	}
	return w
}

// list reads a list of words. Others in it are left out.
func (r *reader) list() []string {
	var list []string
	r.array(func(int) {
		r.item()
		if w := r.word(); w != "" && len(list) < maxWords {
			list = append(list, w)
		}
	})
	return list
}
