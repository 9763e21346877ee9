package hybrid

import (
	"bytes"
	"testing"
	"unicode/utf8"
)

// seedVectors adds the hex inputs of the vectors of some kinds, where they are.
func seedVectors(f *testing.F, field string, kinds ...string) {
	f.Helper()
	for _, v := range readVectors(f) {
		for _, kind := range kinds {
			if v.Kind == kind && v.hex(field) != nil {
				f.Add(v.hex(field))
			}
		}
	}
}

func FuzzDigits(f *testing.F) {
	for _, seed := range []string{"", "000", "255", "256", "16736865", "99999999999999999", "１２３"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, digits string) {
		data, err := DecodeDigits(digits)
		if err == nil && EncodeDigits(data) != digits {
			t.Errorf("%q decodes to %x, which encodes to %q", digits, data, EncodeDigits(data))
		}
	})
}

func FuzzQR(f *testing.F) {
	f.Add([]byte{0xa0})
	f.Add([]byte{0xa2, 0, 0x18, 0x2a, 1, 0x50})
	seedVectors(f, "cbor", "qr_cbor")
	f.Fuzz(func(t *testing.T, data []byte) {
		q, err := ParseQR(data)
		if err != nil {
			return
		}
		if len(q.Point) != compressedSize || q.Secret.Len() != secretSize || q.Request == "" || len(q.Channels()) > 2048 {
			t.Errorf("%d %d %q", len(q.Point), q.Secret.Len(), q.Request)
		}
		again, err := ParseURI(q.URI())
		if err != nil || !bytes.Equal(again.CBOR, data) {
			t.Errorf("the code does not survive its own text: %v", err)
		}
	})
}

func FuzzAdvert(f *testing.F) {
	key := Derive(make([]byte, secretSize), nil, PurposeEIDKey, eidKeySize)
	eid, err := NewEID(make([]byte, 10), make([]byte, 3), 1)
	if err != nil {
		f.Fatal(err)
	}
	good, err := EncryptEID(key, eid)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(append(good, 0xa1, 0x01, 0x18, 0x82))
	f.Add(good[:19])
	f.Fuzz(func(t *testing.T, data []byte) {
		got, suffix, ok := DecryptEID(key, data, false)
		if !ok {
			return
		}
		again, err := EncryptEID(key, got)
		if err != nil || !bytes.Equal(append(again, suffix...), data) {
			t.Errorf("%x opens, but is not what sealing gives", data)
		}
	})
}

func FuzzSuffix(f *testing.F) {
	f.Add([]byte{0xa1, 0x01, 0x18, 0x82})
	f.Add([]byte{0xa1, 0x01, 0x1a, 0, 1, 0, 0})
	f.Add([]byte{0xff, 0x00, 0x13})
	f.Fuzz(func(t *testing.T, data []byte) {
		if psm, ok := ParseSuffix(data); !ok && psm != 0 {
			t.Errorf("no channel, and PSM %d", psm)
		}
	})
}

func FuzzPostHandshake(f *testing.F) {
	seedVectors(f, "message", "post_handshake")
	f.Add([]byte{0xa1, 0x01, 0x41, 0xa0})
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParsePostHandshake(data)
		if err != nil {
			return
		}
		if p.HasCTAP() != (p.GetInfo != nil) || p.Revision < 0 || p.Revision > 1 {
			t.Errorf("%+v", p)
		}
		again, err := ParsePostHandshake(p.Encode())
		if err != nil || !bytes.Equal(again.GetInfo, p.GetInfo) {
			t.Errorf("does not survive encoding: %v", err)
		}
	})
}

func FuzzUpdate(f *testing.F) {
	for _, v := range readVectors(f) {
		if v.Kind == "update" {
			f.Add(v.hex("message")[1:])
		}
	}
	f.Add([]byte{0xa0})
	f.Fuzz(func(t *testing.T, data []byte) {
		linking, err := ParseUpdate(data)
		if err != nil || linking == nil {
			return
		}
		l, err := ParseLink(linking)
		if err != nil {
			return
		}
		if len(l.ContactID) > maxContactID || len(l.Name) > maxPhoneName || !utf8.ValidString(l.Name) || len(l.PublicKey) != pointSize {
			t.Errorf("out of bounds: %d %d", len(l.ContactID), len(l.Name))
		}
	})
}

func FuzzFrame(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0})
	f.Add([]byte{1, 0, 0xa0})
	f.Add([]byte{4})
	f.Fuzz(func(t *testing.T, data []byte) {
		if kind, body, err := ParseFrame(data); err == nil && !bytes.Equal(Frame(kind, body), data) {
			t.Errorf("%x is not what it was", data)
		}
	})
}

func FuzzUnpad(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0})
	f.Add([]byte{5})
	f.Add([]byte{1, 2, 0, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		if message, err := Unpad(data); err == nil && len(message) >= len(data) {
			t.Error("nothing was taken off")
		}
		padded := Pad(data)
		if message, err := Unpad(padded); err != nil || !bytes.Equal(message, data) || len(padded)%paddingBlock != 0 {
			t.Errorf("%x does not survive padding", data)
		}
	})
}

func FuzzCall(f *testing.F) {
	f.Add(EncodeCall(ClientPayload(make([]byte, linkIDSize), make([]byte, clientNonceSize), GetAssertion), make([]byte, tunnelIDSize)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, err := ParseCall(data); err == nil && (len(c.LinkID) != linkIDSize || len(c.TunnelID) != tunnelIDSize) {
			t.Errorf("%+v", c)
		}
	})
}

// FuzzHandshakeMessage is for the points that strangers send.
func FuzzHandshakeMessage(f *testing.F) {
	for _, v := range readVectors(f) {
		for _, name := range []string{"message1", "message2"} {
			if b := v.hex(name); b != nil {
				f.Add(b)
			}
		}
	}
	key, err := newKey(randomReader())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		psk := make([]byte, keySize)
		if _, _, err := AnswerQR(psk, key.PublicKey(), key, data); err == nil {
			t.Error("opens without the PSK")
		}
		i, _, err := StartQR(psk, key, key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := i.Finish(data); err == nil {
			t.Error("opens without the PSK")
		}
	})
}
