package main

import (
	"context"
	"encoding/json"
	"os"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/mds/mdstest"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/rp"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

const passkeyRPID = "login.example.org"

// kept is used for two ceremonies: each closes what it opened.
type kept struct{ *virtualauth.Authenticator }

func (kept) Close() error { return nil }

// passkey is the script command "passkey NAME MODEL": a software key of one of the
// metadata's models (0: a phone) registers and signs in at login.example.org. It writes
// NAME.json and NAME-options.json, NAME-both.json with both in one, and the same of the
// sign-in: NAME-get.json, NAME-get-options.json, NAME-get-both.json.
func (w *metadataWorld) passkey(ts *testscript.TestScript, _ bool, args []string) {
	model, err := strconv.Atoi(args[1])
	ts.Check(err)
	cfg := virtualauth.Android()
	if model != 0 {
		cfg = virtualauth.Config{AAGUID: mdstest.Model(model), Attestation: virtualauth.Packed, Issuer: w.issuer, Firmware: 7, Discoverable: true,
			UserVerification: true, Transports: []string{"usb"}}
	}
	a := virtualauth.New(cfg)
	defer a.Close()
	open := func(context.Context, authenticator.Want) (authenticator.Authenticator, error) { return kept{a}, nil }
	party, err := rp.New(rp.Config{RPID: passkeyRPID, Clock: time.Now})
	ts.Check(err)
	who, origin, ctx := mfa.Principal{ID: "u", Name: "ada", UserHandle: []byte{1}}, mfa.OriginOf(passkeyRPID), context.Background()
	write := func(name string, options, response []byte) {
		both, err := json.Marshal(map[string]json.RawMessage{"options": options, "credential": response})
		ts.Check(err)
		for suffix, content := range map[string][]byte{"": response, "-options": options, "-both": both} {
			ts.Check(os.WriteFile(ts.MkAbs(name+suffix+".json"), content, 0o600))
		}
	}
	options, err := party.BeginRegistration(who, "one", mfa.RoadPhone, nil)
	ts.Check(err)
	response, err := authenticator.Client{Open: open}.Create(ctx, options, origin)
	ts.Check(err)
	credential, err := party.FinishRegistration(who, "one", response)
	ts.Check(err)
	credential.Transports = nil // it does not say how it is met, so it is met on every road
	write(args[0], options, response)
	options, err = party.BeginAuthentication(who, "two", mfa.RoadPhone, []mfa.Device{{PrincipalID: "u", Kind: mfa.KindPasskey, Passkey: &credential}})
	ts.Check(err)
	response, err = authenticator.Client{Open: open}.Get(ctx, options, origin)
	ts.Check(err)
	write(args[0]+"-get", options, response)
}
