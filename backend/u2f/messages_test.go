package u2f

import (
	"bytes"
	"errors"
	"testing"
)

// sample is a registration whose parts have the right shape and nothing in them.
func sample() RegisterResponse {
	r := RegisterResponse{KeyHandle: bytes.Repeat([]byte{0xaa}, 64), Certificate: der(300), Signature: der(70)}
	r.PublicKey[0] = 4
	return r
}

// der is a sequence of n bytes in all.
func der(n int) []byte {
	var head []byte
	switch {
	case n < 2+0x80:
		head = []byte{0x30, byte(n - 2)}
	case n < 3+0x100:
		head = []byte{0x30, 0x81, byte(n - 3)}
	default:
		head = []byte{0x30, 0x82, byte((n - 4) >> 8), byte(n - 4)}
	}
	return append(head, make([]byte, n-len(head))...)
}

func TestRegisterResponse(t *testing.T) {
	for name, size := range map[string]int{"short certificate": 20, "one byte of length": 200, "two bytes of length": 700} {
		t.Run(name, func(t *testing.T) {
			r := sample()
			r.Certificate = der(size)
			wire, err := EncodeRegisterResponse(r)
			if err != nil {
				t.Fatal(err)
			}
			got, err := DecodeRegisterResponse(wire)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.KeyHandle, r.KeyHandle) || !bytes.Equal(got.Certificate, r.Certificate) || !bytes.Equal(got.Signature, r.Signature) || got.PublicKey != r.PublicKey {
				t.Errorf("came back as %+v", got)
			}
			for n := range wire { // it vanishes at any byte
				if _, err := DecodeRegisterResponse(wire[:n]); err == nil {
					t.Fatalf("the first %d of %d bytes were read", n, len(wire))
				}
			}
			if _, err := DecodeRegisterResponse(append(wire, 0)); err == nil {
				t.Error("a byte too many was read")
			}
		})
	}
}

func TestRegisterResponseThatIsNone(t *testing.T) {
	for name, spoil := range map[string]func(*RegisterResponse){
		"no handle":                      func(r *RegisterResponse) { r.KeyHandle = nil },
		"handle too long":                func(r *RegisterResponse) { r.KeyHandle = make([]byte, 256) },
		"compressed key":                 func(r *RegisterResponse) { r.PublicKey[0] = 2 },
		"no certificate":                 func(r *RegisterResponse) { r.Certificate = nil },
		"certificate longer than it is":  func(r *RegisterResponse) { r.Certificate[3]++ },
		"certificate of no set length":   func(r *RegisterResponse) { r.Certificate = []byte{0x30, 0x80, 0, 0} },
		"certificate of a padded length": func(r *RegisterResponse) { r.Certificate = append([]byte{0x30, 0x81, 4}, 0, 0, 0, 0) },
		"certificate of 16 MiB":          func(r *RegisterResponse) { r.Certificate = []byte{0x30, 0x83, 0xff, 0xff, 0xff} },
		"no signature":                   func(r *RegisterResponse) { r.Signature = nil },
		"signature too short":            func(r *RegisterResponse) { r.Signature = der(7) },
		"signature too long":             func(r *RegisterResponse) { r.Signature = der(73) },
	} {
		t.Run(name, func(t *testing.T) {
			r := sample()
			spoil(&r)
			if _, err := EncodeRegisterResponse(r); err == nil {
				t.Error("it was written")
			}
			wire := append([]byte{registered}, r.PublicKey[:]...)
			wire = append(append(wire, byte(len(r.KeyHandle))), r.KeyHandle...)
			if _, err := DecodeRegisterResponse(append(append(wire, r.Certificate...), r.Signature...)); err == nil {
				t.Error("it was read")
			}
		})
	}
}

func TestRequests(t *testing.T) {
	challenge, application := [32]byte{1}, [32]byte{2}
	reg, err := DecodeRegisterRequest(EncodeRegisterRequest(RegisterRequest{challenge, application}))
	if err != nil || reg.Challenge != challenge || reg.Application != application {
		t.Errorf("register came back as %+v, %v", reg, err)
	}
	want := AuthenticateRequest{CheckOnly, challenge, application, []byte{3, 4}}
	cmd, err := EncodeAuthenticateRequest(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeAuthenticateRequest(cmd)
	if err != nil || got.Control != want.Control || got.Challenge != challenge || got.Application != application || !bytes.Equal(got.KeyHandle, want.KeyHandle) {
		t.Errorf("authenticate came back as %+v, %v", got, err)
	}
	for _, n := range []int{0, 256} {
		if _, err := EncodeAuthenticateRequest(AuthenticateRequest{KeyHandle: make([]byte, n)}); err == nil {
			t.Errorf("a handle of %d bytes was written", n)
		}
	}

	changed := func(change func(*Command)) Command {
		c := cmd
		c.Data = bytes.Clone(cmd.Data)
		change(&c)
		return c
	}
	for name, c := range map[string]struct {
		command Command
		status  StatusWord
	}{
		"another class":       {changed(func(c *Command) { c.CLA = 0x80 }), StatusUnknownCLA},
		"another instruction": {changed(func(c *Command) { c.INS = INSVersion }), StatusUnknownINS},
		"cut off":             {changed(func(c *Command) { c.Data = c.Data[:64] }), StatusWrongLength},
		"a byte too many":     {changed(func(c *Command) { c.Data = append(c.Data, 0) }), StatusWrongLength},
		"unknown control":     {changed(func(c *Command) { c.P1 = 0x05 }), StatusUnknownHandle},
		"an empty handle":     {changed(func(c *Command) { c.Data = append(c.Data[:64], 0) }), StatusUnknownHandle},
	} {
		if _, err := DecodeAuthenticateRequest(c.command); StatusOf(err) != c.status {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := DecodeRegisterRequest(command(INSRegister, 0, make([]byte, 63))); StatusOf(err) != StatusWrongLength {
		t.Errorf("register with 63 bytes: %v", err)
	}
	if StatusOf(nil) != StatusOK || StatusOf(errors.New("foreign")) != StatusOther {
		t.Error("statuses of no error and of a foreign one")
	}
}

func TestAuthenticateResponse(t *testing.T) {
	want := AuthenticateResponse{Presence: 1, Counter: 0x01020304, Signature: der(71)}
	wire, err := EncodeAuthenticateResponse(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeAuthenticateResponse(wire)
	if err != nil || got.Presence != 1 || got.Counter != want.Counter || !bytes.Equal(got.Signature, want.Signature) {
		t.Errorf("came back as %+v, %v", got, err)
	}
	for n := range wire {
		if _, err := DecodeAuthenticateResponse(wire[:n]); err == nil {
			t.Fatalf("the first %d bytes were read", n)
		}
	}
	if _, err := EncodeAuthenticateResponse(AuthenticateResponse{}); err == nil {
		t.Error("an answer without a signature was written")
	}
}

func FuzzRegisterResponse(f *testing.F) {
	wire, err := EncodeRegisterResponse(sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(wire)
	f.Add(wire[:200])
	f.Add([]byte{registered})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := DecodeRegisterResponse(b)
		if err != nil {
			return
		}
		if again, err := EncodeRegisterResponse(r); err != nil || !bytes.Equal(again, b) {
			t.Errorf("% x is written again as % x (%v)", b, again, err)
		}
		register([32]byte{}, r) // whatever the key is: an error, never a panic
	})
}

func FuzzAuthenticateResponse(f *testing.F) {
	f.Add(append([]byte{1, 0, 0, 0, 9}, der(70)...))
	f.Add([]byte{1, 0, 0, 0, 9, 0x30})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := DecodeAuthenticateResponse(b)
		if err != nil {
			return
		}
		if again, err := EncodeAuthenticateResponse(r); err != nil || !bytes.Equal(again, b) {
			t.Errorf("% x is written again as % x (%v)", b, again, err)
		}
	})
}
