package main

import (
	"context"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/keyferry/keyferry/backend/ctapcbor"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/qrpicture"
	"github.com/keyferry/keyferry/backend/transport/hybrid"
)

// codeJSON is everything a code contains. It holds the secret of a transaction:
// whoever asks to see a code sees that too.
type codeJSON struct {
	URI           string            `json:"uri"`
	CBOR          string            `json:"cbor"`
	Point         string            `json:"point"`  // key 0
	Secret        string            `json:"secret"` // key 1
	TunnelID      string            `json:"tunnel_id"`
	KnownDomains  *int              `json:"known_domains"`  // key 2
	Domains       []string          `json:"domains"`        // those that key 2 counts
	Timestamp     *int64            `json:"timestamp"`      // key 3, seconds since 1970
	StateAssisted bool              `json:"state_assisted"` // key 4
	Request       string            `json:"request"`        // key 5, after the default rule
	Key6          any               `json:"key6"`
	Channels      []int             `json:"channels"`
	Unknown       map[string]string `json:"unknown"` // other keys, with their CBOR
}

var requests = map[hybrid.Request]string{
	hybrid.GetAssertion: "sign in with a passkey", hybrid.MakeCredential: "add a passkey",
	hybrid.PresentCredential: "show a digital credential", hybrid.IssueCredential: "receive a digital credential",
}

var channelNames = map[int]string{0: "tunnel (WebSocket)", 1: "Bluetooth (L2CAP)"}

var inspect = command{
	path: []string{"inspect"}, args: "FIDO:/... | --image PNG", summary: "say everything that a phone code contains",
	set: func(fs *flag.FlagSet, g *globals) func(context.Context, *terminal, []string) error {
		var image string
		fs.StringVar(&image, "image", "", "read the code from a picture (`PNG` or JPEG)")
		return func(ctx context.Context, t *terminal, args []string) error {
			if (image == "") == (len(args) == 0) || len(args) > 1 {
				return usage("inspect needs one code, or --image")
			}
			uri := strings.Join(args, "")
			if image != "" {
				var err error
				if uri, err = readPicture(image); err != nil {
					return err
				}
			}
			code, err := hybrid.ParseURI(uri)
			if err != nil {
				return err
			}
			defer code.Wipe()
			j, err := describe(code)
			if err != nil {
				return err
			}
			t.document(j)
			j.say(t, time.Now())
			return nil
		}
	},
}

func readPicture(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", mfa.Fail(mfa.CodePictureUnreadable).Because(err)
	}
	defer f.Close()
	return qrpicture.Read(f)
}

func describe(q *hybrid.QRCode) (codeJSON, error) {
	var fields map[any]ctapcbor.RawMessage // keys need not be numbers
	if err := ctapcbor.Unmarshal(q.CBOR, &fields); err != nil {
		return codeJSON{}, mfa.Fail(mfa.CodeCodeDamaged).Because(err)
	}
	j := codeJSON{
		URI: q.URI(), CBOR: hex.EncodeToString(q.CBOR), Point: hex.EncodeToString(q.Point), Secret: hex.EncodeToString(q.Secret.Bytes()),
		TunnelID:      hex.EncodeToString(hybrid.Derive(q.Secret.Bytes(), nil, hybrid.PurposeTunnelID, 16)),
		StateAssisted: q.StateAssisted, Request: string(q.Request), Key6: q.Key6, Channels: q.Channels(), Unknown: map[string]string{}, Domains: []string{},
	}
	if q.KnownDomains >= 0 {
		j.KnownDomains = &q.KnownDomains
		for id := range min(q.KnownDomains, hybrid.AssignedDomains) {
			if name, err := hybrid.TunnelDomain(uint16(id)); err == nil {
				j.Domains = append(j.Domains, name)
			}
		}
	}
	if _, has := fields[uint64(3)]; has {
		j.Timestamp = &q.Timestamp
	}
	for key, value := range fields {
		n, ok := key.(uint64)
		if !ok || n > 6 || n == 6 && q.Key6 == nil { // key 6 of neither known type
			j.Unknown[fmt.Sprint(key)] = hex.EncodeToString(value)
		}
	}
	return j, nil
}

// say is describe in words.
func (j codeJSON) say(t *terminal, now time.Time) {
	t.say("What the phone is asked for   %s (%s)", requests[hybrid.Request(j.Request)], j.Request)
	if j.Timestamp != nil {
		made := time.Unix(*j.Timestamp, 0)
		age := now.Sub(made).Round(time.Second)
		if age < 0 {
			t.say("Made                          %s, %v from now by this clock", made.UTC().Format(time.RFC3339), -age)
		} else {
			t.say("Made                          %s, %v ago", made.UTC().Format(time.RFC3339), age)
		}
	} else {
		t.say("Made                          does not say")
	}
	linking := "no: a code is needed every time"
	if j.StateAssisted {
		linking = "yes: the phone may be rung without a code later"
	}
	t.say("Takes a link                  %s", linking)
	t.say("Computer's identity key       %s (P-256, compressed)", j.Point)
	t.say("Secret                        %s (keep it to yourself while the code is valid)", j.Secret)
	t.say("Tunnel ID, from the secret    %s", strings.ToUpper(j.TunnelID))
	if j.KnownDomains != nil {
		t.say("Knows tunnel servers          %d%s", *j.KnownDomains, list(j.Domains))
	} else {
		t.say("Knows tunnel servers          does not say")
	}
	names := make([]string, len(j.Channels))
	for i, c := range j.Channels {
		if names[i] = channelNames[c]; names[i] == "" {
			names[i] = fmt.Sprintf("unknown channel %d", c)
		}
	}
	t.say("Channels                      %s", strings.Join(names, ", "))
	if flag, old := j.Key6.(bool); old {
		t.say("Key 6, in its old meaning     %v (a passkey that need not be discoverable)", flag)
	}
	keys := make([]string, 0, len(j.Unknown))
	for k := range j.Unknown {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		t.say("Unknown key                   %s = %s (CBOR)", k, j.Unknown[k])
	}
	t.say("CBOR                          %s", j.CBOR)
}

func list(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " (" + strings.Join(names, ", ") + ")"
}
