package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/keyferry/keyferry/backend/authenticator"
	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/platform/webauthnwin"
	"github.com/keyferry/keyferry/backend/transport/ble"
)

// outcome is what is printed.
type outcome struct {
	Result  any               `json:"result,omitempty"`
	Failure mfa.Code          `json:"failure,omitempty"`
	Params  map[string]string `json:"params,omitempty"`
	Cause   string            `json:"cause,omitempty"`
}

// The questions of the check. The test knows them too.
const (
	rpID       = "keyferry.example"
	clientData = `{"type":"webauthn.check","challenge":"AAAA"}`
	window     = 0x1234
)

// question is one line of what is read.
type question struct {
	Fake string `json:"fake"` // for the library, in KEYFERRY_FAKE
	Do   string `json:"do"`
}

func main() {
	go disturb()
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for i := 0; ; i++ {
		var q question
		if err := in.Decode(&q); err == io.EOF {
			return
		} else if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		_ = os.Setenv("KEYFERRY_FAKE", q.Fake)
		fmt.Fprintf(os.Stderr, "fake: question=%d\n", i)
		result, err := do(strings.Fields(q.Do))
		o := outcome{Result: result}
		if f := mfa.AsFailure(err); f != nil {
			o = outcome{Failure: f.Code, Params: f.Params, Cause: f.Explain()}
		}
		_ = out.Encode(o)
	}
}

func do(words []string) (any, error) {
	flags := flag.NewFlagSet("winecheck", flag.ExitOnError)
	cancel := flags.Duration("cancel", 0, "cancel after this time")
	deadline := flags.Duration("deadline", 0, "give up after this time")
	plain := flags.Bool("plain", false, "ask without lists, hints and attestation")
	_ = flags.Parse(words[1:])
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	if *cancel > 0 {
		time.AfterFunc(*cancel, stop)
	}
	if *deadline > 0 {
		ctx, stop = context.WithTimeout(ctx, *deadline)
		defer stop()
	}
	return check(ctx, words[0], *plain)
}

// disturb collects and makes garbage all the time: memory that the library reads and
// that nothing holds would not last.
func disturb() {
	var kept [][]byte
	for {
		runtime.GC()
		kept = nil
		for range 1000 {
			piece := make([]byte, 200)
			for i := range piece {
				piece[i] = 0xEE
			}
			kept = append(kept, piece)
		}
		runtime.KeepAlive(kept)
	}
}

func check(ctx context.Context, what string, plain bool) (any, error) {
	switch what {
	case "version":
		version, err := webauthnwin.Version()
		if err != nil {
			return nil, err
		}
		tooOld := ""
		if f := mfa.AsFailure(webauthnwin.Require(webauthnwin.VersionHybrid)); f != nil {
			tooOld = string(f.Code)
		}
		return map[string]any{"version": version, "hybrid": webauthnwin.Hybrid(), "require": tooOld}, nil
	case "hello":
		return webauthnwin.HelloAvailable()
	case "window":
		return webauthnwin.Window(), nil
	case "radio":
		return ble.System().Probe(ctx)
	}
	native, err := webauthnwin.New(func() uintptr { return window })
	if err != nil {
		return nil, err
	}
	if what == "get" {
		return native.GetAssertion(ctx, get(plain))
	}
	return native.MakeCredential(ctx, create(plain))
}

func create(plain bool) authenticator.NativeCreate {
	req := authenticator.NativeCreate{
		ClientDataJSON:   []byte(clientData),
		RP:               ctap2.RelyingParty{ID: rpID, Name: "Keyferry Prüfung 🗝"},
		User:             ctap2.User{ID: []byte{0xCA, 0xFE, 0x01}, Name: "root@example.org", DisplayName: "Zoë"},
		Parameters:       []ctap2.CredentialParameters{{Type: "public-key", Alg: -7}, {Type: "public-key", Alg: -257}},
		UserVerification: "preferred",
		Timeout:          90 * time.Second,
	}
	if !plain {
		req.Exclude = []authenticator.NativeDescriptor{
			{ID: []byte{1, 2, 3}, Transports: []string{"usb", "nfc"}},
			{ID: []byte{4, 5}, Transports: []string{"hybrid", "internal"}},
		}
		req.ResidentKey, req.Attestation, req.Hints = "preferred", "direct", []string{"hybrid", "security-key"}
	}
	return req
}

func get(plain bool) authenticator.NativeGet {
	req := authenticator.NativeGet{ClientDataJSON: []byte(clientData), RPID: rpID, UserVerification: "required"}
	if !plain {
		req.Allow = []authenticator.NativeDescriptor{
			{ID: []byte{1, 2, 3}, Transports: []string{"usb", "nfc"}},
			{ID: []byte{4, 5}, Transports: []string{"hybrid", "internal"}},
			{ID: []byte{6}},
		}
		req.Hints = []string{"security-key", "hybrid"}
	}
	return req
}
