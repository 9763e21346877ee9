package transport

import "context"

// The 16-bit service UUIDs under which phones send hybrid adverts
// (CTAP 2.2 section 11.5.1). A client listens for both, a phone sends ServiceFIDO.
const (
	ServiceFIDO   uint16 = 0xFFF9
	ServiceLegacy uint16 = 0xFDE2 // Google's; iOS 16 and old Chrome for Android
)

// Advert is the service data of one Bluetooth LE advertisement. All of it comes
// from strangers.
type Advert struct {
	Service uint16 // ServiceFIDO or ServiceLegacy
	Data    []byte // service data: 20 bytes, or more with a CTAP 2.3 suffix
	Signal  int    // dBm, 0 when unknown
}

// Scanner listens for adverts.
//
// Probe says whether Scan can work, without listening: it gives the adapter's
// name for the person, or an mfa.Failure bluetooth-missing, bluetooth-off,
// bluetooth-denied, bluetooth-service-missing, bluetooth-unsupported or
// bluetooth-failed.
//
// Scan listens until ctx ends (it then returns ctx.Err()) or the radio fails
// (an mfa.Failure as above). It calls listening once, when adverts can arrive,
// and heard for each advert under one of the two UUIDs, repeats included, from
// one goroutine at a time. heard must not keep Data.
type Scanner interface {
	Probe(ctx context.Context) (name string, err error)
	Scan(ctx context.Context, listening func(), heard func(Advert)) error
}

// Advertiser sends one advert again and again until ctx ends; it then returns
// ctx.Err(). It fails with an mfa.Failure of the bluetooth- codes.
type Advertiser interface {
	Advertise(ctx context.Context, a Advert) error
}
