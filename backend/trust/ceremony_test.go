package trust

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/mds/mdstest"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/rp"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// A key from its touch to its levels: two of one maker are proven, by one root in
// metadata; one that attests alike under a root of its own is not.
func TestFromTheTouchToTheLevels(t *testing.T) {
	clock := func() time.Time { return now }
	issuer, err := virtualauth.NewIssuer(rand.Reader, now)
	if err != nil {
		t.Fatal(err)
	}
	first, second := mdstest.Model(1), mdstest.Model(2)
	m := mdstest.New(t).Open(
		mdstest.Entry{AAGUID: first, Name: "First", Roots: roots{issuer.Root()}, Reports: []mdstest.Report{mdstest.Status("FIDO_CERTIFIED_L1plus", "2025-01-01")}},
		mdstest.Entry{AAGUID: second, Name: "Second", Roots: roots{issuer.Root()}, Reports: []mdstest.Report{mdstest.FIPS(3, 2, "2025-01-01").With("authenticatorVersion", 7)}},
	)
	key := func(model mfa.AAGUID) virtualauth.Config {
		return virtualauth.Config{AAGUID: model, Attestation: virtualauth.Packed, Issuer: issuer, Firmware: 7, Discoverable: true,
			UserVerification: true, Transports: []string{"usb"}, Clock: clock}
	}
	own := key(first)
	own.Issuer = nil
	self := key(first)
	self.Attestation = virtualauth.Self
	for name, row := range map[string]struct {
		cfg  virtualauth.Config
		want mfa.Trust
	}{
		"first":            {key(first), mfa.Trust{Model: "First", Entry: first.String(), Format: "packed", Firmware: 7, Certificates: mfa.Certificates{FIDO: "L1plus"}}},
		"second":           {key(second), mfa.Trust{Model: "Second", Entry: second.String(), Format: "packed", Firmware: 7, Certificates: mfa.Certificates{FIPS1403: "L2"}}},
		"its own root":     {own, mfa.Trust{Unproven: mfa.UnprovenRoot, Detail: DetailIssuer, Model: "First", Entry: first.String(), Format: "packed"}},
		"self attestation": {self, mfa.Trust{Unproven: mfa.UnprovenSelf, Format: "packed"}},
		"a phone":          {virtualauth.Android(), mfa.Trust{Unproven: mfa.UnprovenAttestation}},
	} {
		t.Run(name, func(t *testing.T) {
			a := virtualauth.New(row.cfg)
			defer a.Close()
			party, err := rp.New(rp.Config{RPID: mfa.DefaultRPID, Clock: clock})
			if err != nil {
				t.Fatal(err)
			}
			who := mfa.Principal{ID: "u", Name: "ada", UserHandle: []byte{1}}
			options, err := party.BeginRegistration(who, "key", mfa.RoadPhone, nil)
			if err != nil {
				t.Fatal(err)
			}
			open := func(context.Context, authenticator.Want) (authenticator.Authenticator, error) { return a, nil }
			response, err := authenticator.Client{Open: open}.Create(t.Context(), options, mfa.OriginOf(mfa.DefaultRPID))
			if err != nil {
				t.Fatal(err)
			}
			credential, err := party.FinishRegistration(who, "key", response)
			if err != nil {
				t.Fatal(err, mfa.AsFailure(err).Explain())
			}
			got, err := Judge(credential, m, now)
			if err != nil {
				t.Fatal(err)
			}
			row.want.At, row.want.Blob = now, m.Number
			checkTrust(t, got, row.want)
		})
	}
}
