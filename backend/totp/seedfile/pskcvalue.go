package seedfile

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"strconv"
	"strings"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
)

// A value is plain, or encrypted with a MAC over initialization vector and
// ciphertext (RFC 6030 sections 4.2 and 6.2).
type (
	xmlValue struct {
		Plain     []byte        `xml:"PlainValue"`
		Encrypted *xmlEncrypted `xml:"EncryptedValue"`
		MAC       []byte        `xml:"ValueMAC"`
	}
	xmlEncrypted struct {
		Method xmlAlgorithm `xml:"EncryptionMethod"`
		Cipher []byte       `xml:"CipherData>CipherValue"`
	}
	xmlAlgorithm struct {
		Algorithm string `xml:",attr"`
	}
	xmlMAC struct {
		Algorithm string        `xml:",attr"`
		Key       *xmlEncrypted `xml:"MACKey"`
	}
)

// secret is the seed of a value. ok is false when it cannot be read; err is
// seed-file-mac, or one of the whole file.
func (c *container) secret(ctx context.Context, v *xmlValue) (seed *mfa.Secret, ok bool, err error) {
	plain, ok, err := c.open(ctx, v)
	if err != nil || !ok {
		return nil, false, err
	}
	if len(plain) == 0 || len(plain) > totp.MaxSeed {
		clear(plain)
		return nil, false, nil
	}
	return mfa.NewSecret(plain), true, nil
}

// integer is a number. Plain ones are decimal; encrypted ones are decimal text or
// big-endian bytes, and some vendors write those in base64 without encrypting.
func (c *container) integer(ctx context.Context, v *xmlValue) (n int64, ok bool, err error) {
	if v.Encrypted == nil {
		text := bytes.TrimSpace(v.Plain)
		if n, err := strconv.ParseInt(string(text[:min(len(text), 21)]), 10, 64); err == nil && len(text) <= 20 {
			return n, true, nil
		}
	}
	plain, ok, err := c.open(ctx, v)
	if err != nil || !ok {
		return 0, false, err
	}
	if n, ok := decimal(plain); ok {
		return int64(n), true, nil
	}
	if len(plain) == 0 || len(plain) > 8 {
		return 0, false, nil
	}
	var u uint64
	for _, b := range plain {
		u = u<<8 | uint64(b)
	}
	return int64(u), u < 1<<63, nil
}

// open gives the bytes of a value: base64 decoded, or verified and then decrypted.
func (c *container) open(ctx context.Context, v *xmlValue) (plain []byte, ok bool, err error) {
	if v.Encrypted == nil {
		plain, ok = decodeBase64(v.Plain)
		return plain, ok, nil
	}
	ciphertext, ok := decodeBase64(v.Encrypted.Cipher)
	if !ok {
		return nil, false, nil
	}
	key, err := c.key(ctx, v.Encrypted.Method.Algorithm)
	if err != nil {
		return nil, false, err
	}
	mac, err := c.macKey(ctx)
	if err != nil {
		return nil, false, err
	}
	sum, ok := decodeBase64(v.MAC)
	seal := hmac.New(c.macHash, mac.Bytes())
	seal.Write(ciphertext)
	if !ok || !hmac.Equal(seal.Sum(nil), sum) {
		return nil, false, mfa.Fail(mfa.CodeSeedFileMAC)
	}
	plain, ok = decryptCBC(key, ciphertext)
	return plain, ok, nil
}

// decryptCBC opens what XML Encryption section 5.2 seals: the vector first, and at
// the end as many bytes of padding as the last one says.
func decryptCBC(key *mfa.Secret, sealed []byte) (plain []byte, ok bool) {
	block, err := aes.NewCipher(key.Bytes())
	if err != nil || len(sealed) < 2*aes.BlockSize || len(sealed)%aes.BlockSize != 0 {
		return nil, false
	}
	plain = make([]byte, len(sealed)-aes.BlockSize)
	cipher.NewCBCDecrypter(block, sealed[:aes.BlockSize]).CryptBlocks(plain, sealed[aes.BlockSize:])
	padding := int(plain[len(plain)-1])
	if padding < 1 || padding > aes.BlockSize {
		clear(plain)
		return nil, false
	}
	clear(plain[len(plain)-padding:])
	return plain[:len(plain)-padding], true
}

// maxBase64 is far more than a value needs.
const maxBase64 = 4096

// decodeBase64 takes base64 with any white space in it.
func decodeBase64(text []byte) ([]byte, bool) {
	if len(text) > maxBase64 {
		return nil, false
	}
	plain := make([]byte, 0, len(text))
	for _, c := range text {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			plain = append(plain, c)
		}
	}
	defer clear(plain)
	out := make([]byte, base64.StdEncoding.DecodedLen(len(plain)))
	n, err := base64.StdEncoding.Decode(out, plain)
	return out[:n], err == nil && n > 0
}

// hashOf is the hash in the name of an HMAC, whichever namespace it is from.
func hashOf(algorithm string) (func() hash.Hash, bool) {
	switch strings.ToLower(algorithm[strings.LastIndexByte(algorithm, '#')+1:]) {
	case "hmac-sha1":
		return sha1.New, true
	case "hmac-sha224":
		return sha256.New224, true
	case "hmac-sha256":
		return sha256.New, true
	case "hmac-sha384":
		return sha512.New384, true
	case "hmac-sha512":
		return sha512.New, true
	}
	return nil, false
}
