package storetest

import (
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

// What was proven of a passkey is kept as it was, and no change of the device touches it.
func testTrust(t *testing.T, b *bench) {
	ctx := t.Context()
	b.start()
	rows := map[string]mfa.Trust{
		"Nothing": {},
		"Proven": {Model: "Quay Key", Entry: "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4", Format: "packed", Firmware: 50_700, Blob: 122, At: day.UTC(),
			Certificates: mfa.Certificates{FIDO: "L1", FIPS1402: "L2", FIPS1403: "L3"},
			Reports: []mfa.StatusReport{{Status: "FIDO_CERTIFIED_L1", Effective: at(-9000).UTC(), Certificate: "FIDO20020", URL: "https://example.org/"},
				{Status: "FIPS140_CERTIFIED_L2", FIPS: 2}},
			Hello: mfa.Hello{State: mfa.HelloNo, Proof: "attested"}},
		"Unproven": {Unproven: mfa.UnprovenEntry, Detail: "not in BLOB 122", Blob: 122, At: day.UTC(), Hello: mfa.Hello{State: mfa.HelloUnproven, Proof: "no-proof"}},
	}
	has := func(name string, trust mfa.Trust) mfa.Device {
		t.Helper()
		d := found[mfa.Device](b)(b.Device(ctx, "DEVICE-"+name))
		b.same("trust of "+name, d.Passkey.Trust, trust)
		return d
	}
	for name, trust := range rows {
		d := NewPasskey("ROOT", name)
		d.Passkey.Trust = trust
		b.add(d)
		if len(trust.Reports) > 0 {
			d.Passkey.Trust.Reports[0].Status = "REVOKED" // the store keeps its own
			trust.Reports[0].Status = "FIDO_CERTIFIED_L1"
		}
		d = has(name, trust)
		d.Passkey.Trust = mfa.Trust{Model: "another"}
		b.must(b.UpdateDevice(ctx, d, event(mfa.EventDeviceRenamed)))
		has(name, trust)
	}
}

func testMetadata(t *testing.T, b *bench) {
	ctx := t.Context()
	b.start()
	imported := event(mfa.EventMetadataImported)
	save := func(number int64) error {
		return b.SaveBlob(ctx, NewBlob(number), []byte{byte(number), 1}, []byte{byte(number), 2}, imported)
	}
	newest := func(number int64, index ...byte) {
		t.Helper()
		blob, got, err := b.MetadataIndex(ctx)
		b.must(err)
		b.same("newest", blob, NewBlob(number))
		b.same("its index", got, index)
	}
	b.same("none", len(found[[]mfa.Blob](b)(b.Blobs(ctx))), 0)
	b.refuses(mfa.CodeNotFound, func() error { _, _, err := b.MetadataIndex(ctx); return err })
	b.refuses(mfa.CodeNotFound, func() error { return b.ReplaceIndex(ctx, 121, []byte{1}) })
	b.must(save(121))
	b.logged(mfa.EventMetadataImported)
	newest(121, 121, 2)
	b.must(save(124)) // numbers may be missed
	for _, number := range []int64{124, 122, 121, 0, -1} {
		b.refuses(mfa.CodeMetadataRollback, func() error { return save(number) })
	}
	err := mfa.AsFailure(save(122))
	b.same("what the refusal says", []string{err.Params["have"], err.Params["got"]}, []string{"124", "122"})
	b.same("newest first", found[[]mfa.Blob](b)(b.Blobs(ctx)), []mfa.Blob{NewBlob(124), NewBlob(121)})
	newest(124, 124, 2)
	b.same("content of an old one", found[[]byte](b)(b.BlobContent(ctx, 121)), []byte{121, 1})
	b.refuses(mfa.CodeNotFound, func() error { _, err := b.BlobContent(ctx, 122); return err })

	events := len(b.trail())
	b.must(b.ReplaceIndex(ctx, 124, []byte{9}))
	newest(124, 9)
	b.refuses(mfa.CodeNotFound, func() error { return b.ReplaceIndex(ctx, 121, []byte{1}) })
	b.same("no event", len(b.trail()), events)
}
