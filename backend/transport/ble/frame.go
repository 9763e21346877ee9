package ble

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"

	"github.com/keyferry/keyferry/backend/transport"
)

// An advert on the loopback radio is one datagram:
//
//	4 bytes  "KFA1"
//	2 bytes  service UUID, big-endian
//	1 byte   signal in dBm, two's complement, 0 when unknown
//	1 byte   length of the service data
//	n bytes  service data
const (
	frameMagic  = "KFA1"
	frameHeader = 8
	maxData     = 255 // an extended advertisement carries less in one packet
)

var errFrame = errors.New("not an advert")

func appendFrame(to []byte, a transport.Advert) ([]byte, error) {
	if !fromPhone(a.Service) || len(a.Data) > maxData {
		return nil, errFrame
	}
	to = append(to, frameMagic...)
	to = binary.BigEndian.AppendUint16(to, a.Service)
	to = append(to, byte(int8(min(max(a.Signal, math.MinInt8), math.MaxInt8))), byte(len(a.Data)))
	return append(to, a.Data...), nil
}

// parseFrame reads one datagram. The advert's data is a part of it.
func parseFrame(b []byte) (transport.Advert, error) {
	if len(b) < frameHeader || !bytes.Equal(b[:4], []byte(frameMagic)) || len(b) != frameHeader+int(b[7]) {
		return transport.Advert{}, errFrame
	}
	a := transport.Advert{
		Service: binary.BigEndian.Uint16(b[4:]),
		Signal:  int(int8(b[6])),
		Data:    b[frameHeader:],
	}
	if !fromPhone(a.Service) {
		return transport.Advert{}, errFrame
	}
	return a, nil
}

func fromPhone(service uint16) bool {
	return service == transport.ServiceFIDO || service == transport.ServiceLegacy
}
