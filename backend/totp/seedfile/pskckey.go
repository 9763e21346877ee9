package seedfile

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"strings"

	"github.com/keyferry/keyferry/backend/mfa"
)

// MaxIterations of PBKDF2 are about a second's work. Files come with 1,000 to some
// 100,000.
const MaxIterations = 1_000_000

// EncryptionKey (RFC 6030 section 6): a name for a pre-shared key, or how to make
// the key from a password.
type (
	xmlEncryption struct {
		Certificate *struct{}   `xml:"X509Data"`
		Derived     *xmlDerived `xml:"DerivedKey"`
	}
	xmlDerived struct {
		Method struct {
			Algorithm string     `xml:",attr"`
			Params    *xmlPBKDF2 `xml:"PBKDF2-params"`
		} `xml:"KeyDerivationMethod"`
	}
	xmlPBKDF2 struct {
		Salt       []byte       `xml:"Salt>Specified"`
		Iterations string       `xml:"IterationCount"`
		KeyLength  string       `xml:"KeyLength"`
		PRF        xmlAlgorithm `xml:"PRF"`
	}
)

// container is how the keys of one file are sealed. Keys are made when the first
// value needs them: a plain file asks for none.
type container struct {
	unlock     Unlock
	encryption xmlEncryption
	mac        xmlMAC
	derived    *mfa.Secret
	macSecret  *mfa.Secret // decrypted MACKey
	macHash    func() hash.Hash
}

func (c *container) wipe() {
	c.derived.Wipe()
	c.macSecret.Wipe()
}

// cannotOpen names a method, by the end of its identifier where it has one.
func cannotOpen(what string) error {
	what = what[strings.LastIndexByte(what, '#')+1:]
	if what == "" {
		what = "?"
	}
	return mfa.Fail(mfa.CodeSeedFileEncryption, "what", what[:min(len(what), 32)])
}

// ciphers are the key lengths of XML Encryption's AES-CBC.
var ciphers = map[string]int{"aes128-cbc": 16, "aes192-cbc": 24, "aes256-cbc": 32}

// key is the key for a cipher.
func (c *container) key(ctx context.Context, algorithm string) (*mfa.Secret, error) {
	name := algorithm[strings.LastIndexByte(algorithm, '#')+1:]
	length, ok := ciphers[strings.ToLower(name)]
	if !ok {
		return nil, cannotOpen(name)
	}
	key := c.unlock.Key
	switch {
	case c.encryption.Certificate != nil:
		return nil, cannotOpen("X.509")
	case c.encryption.Derived != nil:
		if err := c.derive(ctx); err != nil {
			return nil, err
		}
		key = c.derived
	case key.Len() == 0:
		return nil, mfa.Fail(mfa.CodeSeedKeyNeeded)
	}
	if key.Len() != length {
		return nil, mfa.Fail(mfa.CodeSeedPasswordWrong)
	}
	return key, nil
}

// macKey is the key of the MACs: the one in the file, or where there is none the
// encryption key itself, as the drafts of the standard had it.
func (c *container) macKey(ctx context.Context) (*mfa.Secret, error) {
	if c.macHash == nil {
		h, ok := hashOf(c.mac.Algorithm)
		switch {
		case c.mac.Algorithm == "":
			return nil, mfa.Fail(mfa.CodeSeedFileMAC)
		case !ok:
			return nil, cannotOpen(c.mac.Algorithm)
		}
		c.macHash = h
	}
	if c.macSecret != nil {
		return c.macSecret, nil
	}
	if c.mac.Key == nil {
		if c.encryption.Derived != nil {
			return c.derived, nil // there is one: key was called before
		}
		return c.unlock.Key, nil
	}
	key, err := c.key(ctx, c.mac.Key.Method.Algorithm)
	if err != nil {
		return nil, err
	}
	sealed, ok := decodeBase64(c.mac.Key.Cipher)
	if !ok {
		return nil, mfa.Fail(mfa.CodeSeedFileMAC)
	}
	plain, ok := decryptCBC(key, sealed)
	if !ok || len(plain) == 0 {
		return nil, mfa.Fail(mfa.CodeSeedPasswordWrong)
	}
	c.macSecret = mfa.NewSecret(plain)
	return c.macSecret, nil
}

// derive makes the key from the password, once.
func (c *container) derive(ctx context.Context) error {
	if c.derived != nil {
		return nil
	}
	method := c.encryption.Derived.Method
	if !strings.HasSuffix(strings.ToLower(method.Algorithm), "#pbkdf2") || method.Params == nil {
		return cannotOpen("PBKDF2")
	}
	salt, ok := decodeBase64(method.Params.Salt)
	if !ok {
		return cannotOpen("Salt")
	}
	iterations, ok := decimal([]byte(strings.TrimSpace(method.Params.Iterations)))
	if !ok || iterations < 1 || iterations > MaxIterations {
		return cannotOpen("IterationCount")
	}
	length, ok := decimal([]byte(strings.TrimSpace(method.Params.KeyLength)))
	if !ok || length != 16 && length != 24 && length != 32 {
		return cannotOpen("KeyLength")
	}
	prf := sha1.New // RFC 8018 appendix A.2
	if name := method.Params.PRF.Algorithm; name != "" {
		if prf, ok = hashOf(name); !ok {
			return cannotOpen(name)
		}
	}
	if c.unlock.Password.Len() == 0 {
		return mfa.Fail(mfa.CodeSeedPasswordNeeded)
	}
	key, err := pbkdf2(ctx, prf, c.unlock.Password.Bytes(), salt, int(iterations), int(length))
	if err != nil {
		return err
	}
	c.derived = mfa.NewSecret(key)
	return nil
}

// pbkdf2 is RFC 8018 section 5.2. The standard library's takes the password as a
// string, which cannot be wiped, and cannot be stopped; a test holds this to it.
func pbkdf2(ctx context.Context, h func() hash.Hash, password, salt []byte, iterations, length int) ([]byte, error) {
	prf := hmac.New(h, password)
	out := make([]byte, 0, length+prf.Size())
	u, sum := make([]byte, 0, prf.Size()), make([]byte, prf.Size())
	for block := uint32(1); len(out) < length; block++ {
		prf.Reset()
		prf.Write(salt)
		prf.Write(binary.BigEndian.AppendUint32(nil, block))
		u = prf.Sum(u[:0])
		copy(sum, u)
		for i := 1; i < iterations; i++ {
			if i%4096 == 0 && ctx.Err() != nil {
				return nil, mfa.AsFailure(ctx.Err())
			}
			prf.Reset()
			prf.Write(u)
			u = prf.Sum(u[:0])
			for j := range sum {
				sum[j] ^= u[j]
			}
		}
		out = append(out, sum...)
	}
	clear(sum)
	clear(u)
	return out[:length], nil
}

// ParseKey reads a pre-shared key as vendors print it: 32, 48 or 64 hex digits,
// with blanks, colons and dashes between. It fails with invalid-input (field: key).
// text is not changed; the caller wipes it.
func ParseKey(text []byte) (*mfa.Secret, error) {
	refuse := mfa.Fail(mfa.CodeInvalidInput, "field", "key")
	if len(text) > MaxField {
		return nil, refuse
	}
	digits := make([]byte, 0, len(text))
	for _, c := range text {
		if strings.IndexByte(" \t\r\n:-", c) < 0 {
			digits = append(digits, c)
		}
	}
	defer clear(digits)
	key := make([]byte, hex.DecodedLen(len(digits)))
	if _, err := hex.Decode(key, digits); err != nil || len(key) != 16 && len(key) != 24 && len(key) != 32 {
		clear(key)
		return nil, refuse
	}
	return mfa.NewSecret(key), nil
}
