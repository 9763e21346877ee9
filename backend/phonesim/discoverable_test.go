package phonesim_test

import (
	"bytes"
	"testing"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/phonesim"
)

// Nobody has said who they are, and no passkey is named: the phone finds its own, and
// the answer says whose it is.
func TestPhoneFindsItsPasskey(t *testing.T) {
	for _, model := range []phonesim.Model{phonesim.Android, phonesim.IPhone} {
		t.Run(string(model), func(t *testing.T) {
			w := newWorld(t, phonesim.Config{Behaviour: phonesim.Approve, Model: model})
			options, err := w.party.BeginDiscoverable("one", mfa.RoadPhone)
			if err != nil {
				t.Fatal(err)
			}
			_, err = authenticator.Client{Open: w.opener(t.Context(), nil)}.Get(t.Context(), options, mfa.OriginOf(mfa.SandboxRPID))
			w.expect("a phone without a passkey", err, mfa.CodeNoCredential)
			<-w.scanned
			c, err := w.create(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			<-w.scanned
			if options, err = w.party.BeginDiscoverable("one", mfa.RoadPhone); err != nil {
				t.Fatal(err)
			}
			response, err := authenticator.Client{Open: w.opener(t.Context(), nil)}.Get(t.Context(), options, mfa.OriginOf(mfa.SandboxRPID))
			if err != nil {
				t.Fatal(err)
			}
			p, a, err := w.party.FinishDiscoverable("one", response, func(handle []byte) (mfa.Principal, []mfa.Device, error) {
				if !bytes.Equal(handle, w.person.UserHandle) {
					t.Errorf("user handle %x", handle)
				}
				return w.person, []mfa.Device{{ID: "D", PrincipalID: w.person.ID, Kind: mfa.KindPasskey, Name: "phone", Passkey: &c}}, nil
			})
			if err != nil || p.ID != w.person.ID || a.DeviceID != "D" || !a.UserVerified {
				t.Errorf("%+v, %+v, %v", p, a, err)
			}
		})
	}
}
