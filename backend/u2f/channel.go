package u2f

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
)

// APDU carries one CTAP1 message each way: a transport.Key, an authenticator in
// software.
type APDU interface {
	APDU(ctx context.Context, command []byte) (response []byte, err error)
}

const (
	pollEvery = 200 * time.Millisecond
	// polls is how often a key is asked for its touch: two minutes, four times what
	// a key with CTAP2 waits.
	polls = 600
)

// Channel speaks CTAP2 to the client and CTAP1 to the key: a ctap2.Channel with
// getInfo, makeCredential and getAssertion (CTAP 2.2 section 10). What CTAP1
// cannot do is a status, as an authenticator would say it: 2B for a discoverable
// credential, 2C for user verification, 26 without ES256, 2E when the key knows
// no handle of the list. A touch that does not come is 2F.
type Channel struct {
	// Wait passes the time between two polls for a touch. nil waits. It returns
	// ctx.Err() when ctx ended.
	Wait func(ctx context.Context, d time.Duration) error

	key   APDU
	appID *[hashSize]byte
}

var _ ctap2.Channel = (*Channel)(nil)

// New makes a Channel to a key.
func New(k APDU) *Channel { return &Channel{key: k} }

// AppID gives the SHA-256 of an AppID, for the extensions appid and appidExclude
// (WebAuthn Level 3 sections 10.1.1 and 10.1.2). From then on handles that the
// key does not know under the RP ID are tried under it. The authenticator data of
// an assertion says which of the two it was.
func (c *Channel) AppID(hash [32]byte) { c.appID = &hash }

// Exchange carries out one CTAP2 command. Errors are those of the key, ctx.Err(),
// and key-protocol (what: answer) for an answer that cannot be read.
func (c *Channel) Exchange(ctx context.Context, request []byte, keepalive func(status byte)) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if keepalive == nil {
		keepalive = func(byte) {}
	}
	data, err := c.run(ctx, request, keepalive)
	var status ctap2.Status
	switch {
	case err == nil:
		return append([]byte{byte(ctap2.StatusOK)}, data...), nil
	case errors.As(err, &status):
		return []byte{byte(status)}, nil
	}
	return nil, err
}

// run carries out one command. A status as error is the answer.
func (c *Channel) run(ctx context.Context, request []byte, keepalive func(byte)) ([]byte, error) {
	if len(request) == 0 {
		return nil, ctap2.StatusInvalidLength
	}
	switch command, params := request[0], request[1:]; command {
	case ctap2.CommandGetInfo:
		if len(params) > 0 {
			return nil, ctap2.StatusInvalidLength
		}
		return c.info(ctx)
	case ctap2.CommandMakeCredential:
		req, err := ctap2.DecodeMakeCredentialRequest(params)
		if err != nil {
			return nil, err
		}
		return c.create(ctx, req, keepalive)
	case ctap2.CommandGetAssertion:
		req, err := ctap2.DecodeGetAssertionRequest(params)
		if err != nil {
			return nil, err
		}
		return c.get(ctx, req, keepalive)
	case ctap2.CommandGetNextAssertion:
		return nil, ctap2.StatusNotAllowed
	}
	return nil, ctap2.StatusInvalidCommand
}

// info says what the key can do, once it has said that it speaks this protocol.
func (c *Channel) info(ctx context.Context) ([]byte, error) {
	data, status, err := c.send(ctx, VersionCommand())
	switch {
	case err != nil:
		return nil, err
	case status != StatusOK:
		return nil, mfa.Fail(mfa.CodeKeyProtocol, "what", "version").Because(status)
	case string(data) != Version:
		return nil, mfa.Fail(mfa.CodeKeyProtocol, "what", "version").Because(fmt.Errorf("%w: a version of %d bytes", errMessage, len(data)))
	}
	longest := uint64(maxHandle)
	return ctap2.EncodeInfo(ctap2.Info{
		Versions: []string{Version}, Options: map[string]bool{ctap2.OptionUserPresence: true},
		MaxCredentialIDLength: &longest, AttestationFormats: []string{format},
		Algorithms: []ctap2.CredentialParameters{{Type: ctap2.PublicKeyType, Alg: ctap2.ES256}},
	})
}

// send carries one command and splits the answer.
func (c *Channel) send(ctx context.Context, cmd Command) ([]byte, StatusWord, error) {
	request, err := EncodeAPDU(cmd)
	if err != nil {
		return nil, 0, mfa.Fail(mfa.CodeInternal).Because(err)
	}
	response, err := c.key.APDU(ctx, request)
	if err != nil {
		return nil, 0, err
	}
	data, status, err := ParseResponse(response)
	if err != nil {
		return nil, 0, unreadable(err)
	}
	return data, status, nil
}

func unreadable(err error) error {
	return mfa.Fail(mfa.CodeKeyProtocol, "what", "answer").Because(err)
}

// touched sends a command until the person has touched the key.
func (c *Channel) touched(ctx context.Context, cmd Command, keepalive func(byte)) ([]byte, error) {
	for range polls {
		data, status, err := c.send(ctx, cmd)
		switch {
		case err != nil:
			return nil, err
		case status == StatusOK:
			return data, nil
		case status != StatusTouchNeeded && status != StatusNotAllowed:
			return nil, mfa.Fail(mfa.CodeKeyProtocol, "what", "status").Because(status)
		}
		keepalive(ctap2.KeepaliveUPNeeded)
		if err := c.wait(ctx); err != nil {
			return nil, err
		}
	}
	return nil, ctap2.StatusUserActionTimeout
}

func (c *Channel) wait(ctx context.Context) error {
	if c.Wait != nil {
		return c.Wait(ctx, pollEvery)
	}
	timer := time.NewTimer(pollEvery)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// known asks without a touch which handle of a list the key made, and under which
// application: that of the RP ID or the AppID. It gives nil when it is none.
func (c *Channel) known(ctx context.Context, application [hashSize]byte, list []ctap2.PublicKeyCredentialDescriptor) (*AuthenticateRequest, error) {
	applications := [][hashSize]byte{application}
	if c.appID != nil && *c.appID != application {
		applications = append(applications, *c.appID)
	}
	for _, d := range list {
		if d.Type != ctap2.PublicKeyType || len(d.ID) > maxHandle {
			continue
		}
		for _, application := range applications {
			req := AuthenticateRequest{Control: CheckOnly, Application: application, KeyHandle: slices.Clone(d.ID)}
			cmd, err := EncodeAuthenticateRequest(req)
			if err != nil {
				continue
			}
			_, status, err := c.send(ctx, cmd)
			switch {
			case err != nil:
				return nil, err
			case status == StatusTouchNeeded || status == StatusOK:
				return &req, nil
			case status != StatusUnknownHandle && status != StatusWrongLength: // keys with handles of one length say it so
				return nil, mfa.Fail(mfa.CodeKeyProtocol, "what", "status").Because(status)
			}
		}
	}
	return nil, nil
}
