package vectors

import (
	"errors"
	"fmt"

	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/transport/hybrid"
)

// The kinds around the code and the advert.

var errShape = errors.New("vectors: input of the wrong shape")

func digits(in hybridInput) (outputs, error) {
	if in.Digits != nil {
		b, err := hybrid.DecodeDigits(*in.Digits)
		return outputs{"hex": hexBytes(b)}, err
	}
	text := hybrid.EncodeDigits(in.Hex)
	back, err := hybrid.DecodeDigits(text)
	if err == nil && string(back) != string(in.Hex) {
		err = fmt.Errorf("vectors: digits come back as %x", back)
	}
	return outputs{"digits": text}, err
}

func qrURI(in hybridInput) (outputs, error) {
	q, err := hybrid.ParseURI(in.URI)
	if err != nil {
		return nil, err
	}
	return qrFields(q)
}

func qrCBOR(in hybridInput) (outputs, error) {
	q, err := hybrid.ParseQR(in.CBOR)
	if err != nil {
		return nil, err
	}
	return qrFields(q)
}

// qrFields are the outputs of both kinds; a file lists those that it has.
func qrFields(q *hybrid.QRCode) (outputs, error) {
	out := outputs{
		"cbor":           hexBytes(q.CBOR),
		"uri":            q.URI(),
		"point":          hexBytes(q.Point),
		"secret":         hexBytes(q.Secret.Bytes()),
		"request":        string(q.Request),
		"known_domains":  q.KnownDomains,
		"timestamp":      q.Timestamp,
		"state_assisted": q.StateAssisted,
		"key6":           q.Key6,
		"channels":       q.Channels(),
	}
	var fields map[any]any
	if q.Key6 == nil && ctapcbor.Unmarshal(q.CBOR, &fields) == nil {
		out["key6"] = fields[uint64(6)] // of neither known type: it counts as absent, and is shown as it stands
	}
	return out, nil
}

func derive(in hybridInput) (outputs, error) {
	okm := hybrid.Derive(in.IKM, in.Salt, in.Purpose, in.Length)
	if len(okm) != in.Length {
		return nil, errShape
	}
	return outputs{"okm": hexBytes(okm)}, nil
}

func eidEncrypt(in hybridInput) (outputs, error) {
	var eid hybrid.EID
	if copy(eid[:], in.Plaintext) != len(eid) || len(in.Plaintext) != len(eid) {
		return nil, errShape
	}
	data, err := hybrid.EncryptEID(in.EIDKey, eid)
	return outputs{"service_data": hexBytes(data)}, err
}

var errIgnored = errors.New("vectors: ignored: not an advert for this code")

func eidDecrypt(in hybridInput) (outputs, error) {
	key, linked := []byte(in.EIDKey), in.ClientNonce != nil
	if in.Secret != nil {
		key = hybrid.Derive(in.Secret, in.ClientNonce, hybrid.PurposeEIDKey, 64)
	}
	eid, suffix, ok := hybrid.DecryptEID(key, in.ServiceData, linked)
	if !ok {
		return nil, errIgnored
	}
	out := outputs{
		"plaintext":  hexBytes(eid[:]),
		"nonce":      hexBytes(eid.Nonce()),
		"routing_id": hexBytes(eid.RoutingID()),
		"domain_id":  eid.ServerID(),
		"suffix":     hexBytes(suffix),
	}
	if name, err := hybrid.TunnelDomain(eid.ServerID()); err == nil {
		out["domain"] = name
	}
	if in.Secret != nil {
		out["psk"] = hexBytes(hybrid.Derive(in.Secret, eid[:], hybrid.PurposePSK, 32))
	}
	return out, nil
}

func advertSuffix(in hybridInput) (outputs, error) {
	if psm, ok := hybrid.ParseSuffix(in.Suffix); ok {
		return outputs{"psm": psm}, nil
	}
	return outputs{"psm": nil}, nil
}

func domain(in hybridInput) (outputs, error) {
	name, err := hybrid.TunnelDomain(in.ID)
	return outputs{"domain": name}, err
}

func tunnelURL(in hybridInput) (outputs, error) {
	base := "wss://" + in.Domain
	switch in.Op {
	case "new":
		return outputs{"url": anyCase(hybrid.NewURL(base, in.TunnelID))}, nil
	case "connect":
		return outputs{"url": anyCase(hybrid.ConnectURL(base, in.RoutingID, in.TunnelID))}, nil
	case "contact": // base64url: the case counts
		return outputs{"url": hybrid.ContactURL(base, in.ContactID)}, nil
	}
	return nil, errShape
}

func clientPayload(in hybridInput) (outputs, error) {
	name, value := hybrid.ClientPayloadHeader(in.LinkID, in.ClientNonce, in.Request)
	return outputs{"header": anyCase(name), "value": anyCase(value)}, nil
}

func postHandshake(in hybridInput) (outputs, error) {
	p, err := hybrid.ParsePostHandshake(in.Message)
	if err != nil {
		return nil, err
	}
	out := outputs{"revision": p.Revision, "features": p.Features, "get_info": nil, "linking": nil}
	if p.GetInfo != nil {
		out["get_info"] = hexBytes(p.GetInfo)
	}
	if p.Linking != nil {
		out["linking"] = hexBytes(p.Linking)
	}
	return out, nil
}

func frame(in hybridInput) (outputs, error) {
	t, body, err := hybrid.ParseFrame(in.Message)
	return outputs{"type": t.String(), "data": hexBytes(body)}, err
}

// update takes whole messages; a body without its type byte is taken too.
func update(in hybridInput) (outputs, error) {
	t, body, err := hybrid.ParseFrame(in.Message)
	if err != nil || t != hybrid.FrameUpdate {
		return nil, errors.Join(errShape, err)
	}
	linking, err := hybrid.ParseUpdate(body)
	if err != nil {
		return nil, err
	}
	if linking == nil {
		return outputs{"linking": nil}, nil
	}
	return linkFields(in, linking)
}

func linkFields(in hybridInput, linking ctapcbor.RawMessage) (outputs, error) {
	link, err := hybrid.ParseLink(linking)
	if err != nil {
		return nil, err
	}
	out := outputs{
		"linking":      hexBytes(linking),
		"contact_id":   hexBytes(link.ContactID),
		"link_id":      hexBytes(link.LinkID),
		"link_secret":  hexBytes(link.Secret),
		"phone_public": hexBytes(link.PublicKey),
		"public_key":   hexBytes(link.PublicKey),
		"name":         link.Name,
		"signature":    hexBytes(link.Signature),
	}
	if in.ClientStaticPrivate != nil {
		identity, err := privateKey(in.ClientStaticPrivate)
		if err != nil {
			return nil, err
		}
		out["signature_ok"] = hybrid.VerifyLink(identity, link, in.HandshakeHash) == nil
	}
	return out, nil
}
