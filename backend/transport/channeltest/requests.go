package channeltest

import (
	"bytes"
	"context"
	"sync/atomic"
	"testing"

	"github.com/keyferry/keyferry/backend/ctap2"
)

const rpID = "channel.test"

func message(t *testing.T, command byte, params []byte, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return append([]byte{command}, params...)
}

// create is a makeCredential request that every authenticator can do.
func create(t *testing.T) []byte {
	t.Helper()
	b, err := ctap2.EncodeMakeCredentialRequest(ctap2.MakeCredentialRequest{
		ClientDataHash: bytes.Repeat([]byte{0xc1}, 32),
		RP:             ctap2.RelyingParty{ID: rpID, Name: "Channel test"},
		User:           ctap2.User{ID: []byte("user"), Name: "user", DisplayName: "User"},
		Parameters:     []ctap2.CredentialParameters{{Type: ctap2.PublicKeyType, Alg: ctap2.ES256}},
	})
	return message(t, ctap2.CommandMakeCredential, b, err)
}

// get is a getAssertion request for one credential.
func get(t *testing.T, id []byte) []byte {
	t.Helper()
	b, err := ctap2.EncodeGetAssertionRequest(ctap2.GetAssertionRequest{
		RPID: rpID, ClientDataHash: bytes.Repeat([]byte{0xc2}, 32),
		AllowList: []ctap2.PublicKeyCredentialDescriptor{{Type: ctap2.PublicKeyType, ID: id}},
	})
	return message(t, ctap2.CommandGetAssertion, b, err)
}

// credentialID takes the new credential's ID out of a makeCredential answer.
func credentialID(t *testing.T, data []byte) []byte {
	t.Helper()
	r, err := ctap2.DecodeMakeCredentialResponse(data)
	if err != nil {
		t.Fatal(err)
	}
	d, err := ctap2.ParseAuthenticatorData(r.AuthData)
	if err != nil {
		t.Fatal(err)
	}
	if d.Attested == nil {
		t.Fatal("no credential in the answer")
	}
	return d.Attested.CredentialID
}

// manualDeadline is a context whose deadline passes when the test says so.
type manualDeadline struct {
	context.Context
	done   chan struct{}
	passed atomic.Bool
}

func (c *manualDeadline) Done() <-chan struct{} { return c.done }

func (c *manualDeadline) Err() error {
	if c.passed.Load() {
		return context.DeadlineExceeded
	}
	return nil
}

func (c *manualDeadline) pass() {
	c.passed.Store(true)
	close(c.done)
}
