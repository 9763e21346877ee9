package tpm

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Several accounts in one TPM: the client asks, and the one that was chosen has signed.
func TestThePersonChoosesTheAccount(t *testing.T) {
	d := newDesk(t, newWorld(t))
	d.emulator.Guards(10, 600)
	d.open()
	bert := mfa.Principal{ID: "bert", Kind: mfa.User, Name: "bert", UserHandle: bytes.Repeat([]byte{2}, 32)}
	people := []mfa.Principal{anna, bert}
	for _, p := range people {
		options, err := d.rp.BeginRegistration(p, "Computer", mfa.RoadComputer, nil)
		if err != nil {
			t.Fatal(explained(err))
		}
		d.typed = []string{rightP}
		if _, err := d.client().Create(t.Context(), options, mfa.OriginOf(mfa.DefaultRPID)); err != nil {
			t.Fatal(explained(err))
		}
	}
	for _, want := range people {
		options, err := d.rp.BeginDiscoverable("of "+want.Name, mfa.RoadComputer)
		if err != nil {
			t.Fatal(explained(err))
		}
		client := d.client()
		client.Choose = func(_ context.Context, ask mfa.AccountsAsk) (int, error) {
			if !ask.Local || !slices.Equal(ask.Accounts, []mfa.FoundAccount{{Name: "bert"}, {Name: "anna"}}) {
				t.Errorf("asked %+v", ask)
			}
			return slices.IndexFunc(ask.Accounts, func(a mfa.FoundAccount) bool { return a.Name == want.Name }), nil
		}
		d.typed = []string{rightP}
		answer, err := client.Get(t.Context(), options, mfa.OriginOf(mfa.DefaultRPID))
		if err != nil {
			t.Fatal(explained(err))
		}
		var said struct{ Response struct{ UserHandle string } }
		if err := json.Unmarshal(answer, &said); err != nil || said.Response.UserHandle != base64.RawURLEncoding.EncodeToString(want.UserHandle) {
			t.Errorf("%s signed in: %s", want.Name, answer)
		}
	}
}
