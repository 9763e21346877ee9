package hybrid

import (
	"bytes"
	"crypto/ecdh"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// vector is one item of shared/vectors/hybrid.json.
type vector struct {
	ID    string         `json:"id"`
	Kind  string         `json:"kind"`
	In    map[string]any `json:"in"`
	Out   map[string]any `json:"out"`
	Error string         `json:"error"`
}

// notCovered are kinds that the package leaves out on purpose.
var notCovered = []string{"traffic_old", "l2cap_split"}

func TestVectors(t *testing.T) {
	for _, v := range readVectors(t) {
		t.Run(v.ID, func(t *testing.T) {
			run, ok := vectorKinds[v.Kind]
			if !ok {
				if slices.Contains(notCovered, v.Kind) {
					t.Skip("not covered: " + v.Kind)
				}
				t.Fatalf("unknown kind %q", v.Kind)
			}
			got, err := run(v)
			if v.Error != "" {
				if err == nil {
					t.Fatalf("accepted, must be refused: %v", got)
				}
				return
			}
			if err != nil {
				t.Fatalf("refused: %v", err)
			}
			for key, want := range v.Out {
				g, found := got[key]
				if !found {
					t.Errorf("%s: not computed", key)
				} else if w := fmt.Sprint(want); !strings.EqualFold(fmt.Sprint(g), w) {
					t.Errorf("%s:\n got %v\nwant %v", key, g, w)
				}
			}
		})
	}
}

// readVectors finds the folder beside the repository.
func readVectors(t testing.TB) []vector {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	data, err := os.ReadFile(filepath.Join(dir, "..", "shared", "vectors", "hybrid.json"))
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("shared/vectors not present beside the repository")
	}
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Vectors []vector }
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&file); err != nil {
		t.Fatal(err)
	}
	if len(file.Vectors) == 0 {
		t.Fatal("no vectors in the file")
	}
	return file.Vectors
}

type result map[string]any

// vectorKinds runs each kind through the product's code.
var vectorKinds = map[string]func(v vector) (result, error){
	"digits": func(v vector) (result, error) {
		if _, ok := v.In["hex"]; !ok {
			_, err := DecodeDigits(v.text("digits"))
			return nil, err
		}
		digits := EncodeDigits(v.hex("hex"))
		back, err := DecodeDigits(digits)
		if err == nil && !bytes.Equal(back, v.hex("hex")) {
			err = errors.New("does not decode to what was encoded")
		}
		return result{"digits": digits}, err
	},
	"qr_uri": func(v vector) (result, error) {
		q, err := ParseURI(v.text("uri"))
		if err != nil {
			return nil, err
		}
		return qrResult(q), nil
	},
	"qr_cbor": func(v vector) (result, error) {
		q, err := ParseQR(v.hex("cbor"))
		if err != nil {
			return nil, err
		}
		return qrResult(q), nil
	},
	"derive": func(v vector) (result, error) {
		return result{"okm": hexOf(Derive(v.hex("ikm"), v.hex("salt"), Purpose(v.number("purpose")), v.number("length")))}, nil
	},
	"eid_encrypt": func(v vector) (result, error) {
		data, err := EncryptEID(v.hex("eid_key"), EID(v.hex("plaintext")))
		return result{"service_data": hexOf(data)}, err
	},
	"eid_decrypt": func(v vector) (result, error) {
		key, nonce := v.hex("eid_key"), v.hex("client_nonce")
		if key == nil {
			key = Derive(v.hex("secret"), nonce, PurposeEIDKey, eidKeySize)
		}
		eid, suffix, ok := DecryptEID(key, v.hex("service_data"), nonce != nil)
		if !ok {
			return nil, errors.New("ignored")
		}
		r := result{
			"plaintext": hexOf(eid[:]), "nonce": hexOf(eid.Nonce()), "routing_id": hexOf(eid.RoutingID()),
			"domain_id": eid.ServerID(), "suffix": hexOf(suffix),
			"psk": hexOf(Derive(v.hex("secret"), eid[:], PurposePSK, keySize)),
		}
		r["domain"], _ = TunnelDomain(eid.ServerID())
		return r, nil
	},
	"advert_suffix": func(v vector) (result, error) {
		if psm, ok := ParseSuffix(v.hex("suffix")); ok {
			return result{"psm": psm}, nil
		}
		return result{"psm": nil}, nil
	},
	"domain": func(v vector) (result, error) {
		domain, err := TunnelDomain(uint16(v.number("id")))
		return result{"domain": domain}, err
	},
	"url": func(v vector) (result, error) {
		base := "wss://" + v.text("domain")
		switch v.text("op") {
		case "new":
			return result{"url": NewURL(base, v.hex("tunnel_id"))}, nil
		case "connect":
			return result{"url": ConnectURL(base, v.hex("routing_id"), v.hex("tunnel_id"))}, nil
		default:
			return result{"url": ContactURL(base, v.hex("contact_id"))}, nil
		}
	},
	"client_payload": func(v vector) (result, error) {
		name, value := ClientPayloadHeader(v.hex("link_id"), v.hex("client_nonce"), Request(v.text("request")))
		return result{"header": name, "value": value}, nil
	},
	"handshake_kn":        runHandshake,
	"handshake_nk":        runHandshake,
	"handshake_kn_reject": runHandshake,
	"traffic": func(v vector) (result, error) {
		c, err := NewCrypter(v.hex("key"), uint32(v.number("counter")))
		if err != nil {
			return nil, err
		}
		sealed, err := c.Seal(v.hex("message"))
		return result{"padded": hexOf(Pad(v.hex("message"))), "ciphertext": hexOf(sealed)}, err
	},
	"traffic_open": func(v vector) (result, error) {
		c, err := NewCrypter(v.hex("key"), uint32(v.number("counter")))
		if err != nil {
			return nil, err
		}
		message, err := c.Open(v.hex("ciphertext"))
		return result{"message": hexOf(message)}, err
	},
	"unpad": func(v vector) (result, error) {
		message, err := Unpad(v.hex("padded"))
		return result{"message": hexOf(message)}, err
	},
	"post_handshake": func(v vector) (result, error) {
		p, err := ParsePostHandshake(v.hex("message"))
		if err != nil {
			return nil, err
		}
		return result{"revision": p.Revision, "features": p.Features, "get_info": hexOf(p.GetInfo), "linking": hexOrNil(p.Linking)}, nil
	},
	"frame": func(v vector) (result, error) {
		kind, data, err := ParseFrame(v.hex("message"))
		return result{"type": kind, "data": hexOf(data)}, err
	},
	"link_verify": func(v vector) (result, error) {
		phone, err := ecdh.P256().NewPublicKey(v.hex("phone_static_public"))
		if err != nil {
			return nil, err
		}
		signature, err := SignLink(v.private("client_static_private"), phone, v.hex("handshake_hash"))
		return result{"signature": hexOf(signature)}, err
	},
	"update": func(v vector) (result, error) {
		_, body, err := ParseFrame(v.hex("message"))
		if err != nil {
			return nil, err
		}
		linking, err := ParseUpdate(body)
		if err != nil || linking == nil {
			return result{"linking": nil}, err
		}
		l, err := ParseLink(linking)
		if err != nil {
			return nil, err
		}
		return result{
			"linking": hexOf(linking), "contact_id": hexOf(l.ContactID), "link_id": hexOf(l.LinkID), "link_secret": hexOf(l.Secret),
			"phone_public": hexOf(l.PublicKey), "name": l.Name, "signature": hexOf(l.Signature),
			"signature_ok": VerifyLink(v.private("client_static_private"), l, v.hex("handshake_hash")) == nil,
		}, nil
	},
}

func qrResult(q *QRCode) result {
	r := result{
		"cbor": hexOf(q.CBOR), "uri": q.URI(), "point": hexOf(q.Point), "secret": hexOf(q.Secret.Bytes()),
		"request": q.Request, "state_assisted": q.StateAssisted, "timestamp": q.Timestamp, "key6": q.Key6,
	}
	if q.KnownDomains >= 0 {
		r["known_domains"] = q.KnownDomains
	}
	return r
}

// runHandshake runs both sides where the keys are there; recorded sessions have
// message 2 in place of the phone's key. With "side" one side alone must refuse.
func runHandshake(v vector) (result, error) {
	psk, linked := v.hex("psk"), v.Kind == "handshake_nk"
	client := v.private("client_static_private")
	var phone *ecdh.PrivateKey
	if linked {
		phone = v.private("phone_static_private")
	}
	r := result{}

	answer := func(message1 []byte) ([]byte, *Keys, error) {
		if linked {
			return AnswerLinked(psk, phone, v.private("phone_ephemeral_private"), message1)
		}
		public, err := ecdh.P256().NewPublicKey(v.hex("client_static_public"))
		if err != nil {
			return nil, nil, err
		}
		return AnswerQR(psk, public, v.private("phone_ephemeral_private"), message1)
	}
	if v.text("side") == "phone" {
		_, _, err := answer(v.hex("message1"))
		return r, err
	}

	var initiator *Initiator
	var message1 []byte
	var err error
	if linked {
		initiator, message1, err = StartLinked(psk, phone.PublicKey(), v.private("client_ephemeral_private"))
	} else {
		initiator, message1, err = StartQR(psk, client, v.private("client_ephemeral_private"))
	}
	if err != nil {
		return nil, err
	}
	r["message1"] = hexOf(message1)
	message2 := v.hex("message2")
	var phoneKeys *Keys
	if message2 == nil {
		if message2, phoneKeys, err = answer(message1); err != nil {
			return nil, err
		}
	}
	r["message2"] = hexOf(message2)
	keys, err := initiator.Finish(message2)
	if err != nil {
		return nil, err
	}
	if phoneKeys != nil && (!bytes.Equal(phoneKeys.ClientToPhone, keys.ClientToPhone) ||
		!bytes.Equal(phoneKeys.PhoneToClient, keys.PhoneToClient) || !bytes.Equal(phoneKeys.Hash, keys.Hash)) {
		return nil, errors.New("the two sides differ")
	}
	maps.Copy(r, result{"handshake_hash": hexOf(keys.Hash),
		"client_to_phone_key": hexOf(keys.ClientToPhone), "phone_to_client_key": hexOf(keys.PhoneToClient)})
	return r, nil
}

func (v vector) text(key string) string {
	s, _ := v.In[key].(string)
	return s
}

// hex gives nil when the key is absent.
func (v vector) hex(key string) []byte {
	s, ok := v.In[key].(string)
	if !ok {
		return nil
	}
	return unhex(s)
}

func (v vector) number(key string) int {
	n, err := v.In[key].(json.Number).Int64()
	if err != nil {
		panic(err)
	}
	return int(n)
}

func (v vector) private(key string) *ecdh.PrivateKey {
	b := v.hex(key)
	if b == nil {
		return nil
	}
	k, err := ecdh.P256().NewPrivateKey(b)
	if err != nil {
		panic(err)
	}
	return k
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func hexOf(b []byte) string { return hex.EncodeToString(b) }

func hexOrNil(b []byte) any {
	if b == nil {
		return nil
	}
	return hexOf(b)
}
