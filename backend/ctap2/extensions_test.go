package ctap2

import (
	"reflect"
	"testing"
)

func TestOnlyListedExtensionsAreAskedFor(t *testing.T) {
	salts := &HMACSecretInput{SaltEnc: make([]byte, 32), SaltAuth: make([]byte, 16), Protocol: 1}
	all := ExtensionInputs{CredProtect: 2, HMACSecret: true, LargeBlobKey: true, MinPINLength: true, Salts: salts}
	get := ExtensionInputs{LargeBlobKey: true, Salts: salts}
	for _, c := range []struct {
		name   string
		in     ExtensionInputs
		listed []string
		want   ExtensionInputs
	}{
		{"none", all, nil, ExtensionInputs{}},
		{"all", all, []string{"credProtect", "hmac-secret", "hmac-secret-mc", "largeBlobKey", "minPinLength"}, all},
		{"credProtect", all, []string{"credProtect"}, ExtensionInputs{CredProtect: 2}},
		{"hmac-secret without outputs at creation", all, []string{"hmac-secret"}, ExtensionInputs{HMACSecret: true}},
		{"sign-in", get, []string{"hmac-secret", "largeBlobKey"}, get},
		{"sign-in without", get, []string{"credProtect"}, ExtensionInputs{}},
	} {
		got := c.in.For(Info{Extensions: c.listed})
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v", c.name, got)
		}
		raw, err := EncodeExtensionInputs(got)
		if err != nil || (raw == nil) != reflect.DeepEqual(got, ExtensionInputs{}) {
			t.Errorf("%s: %x, %v", c.name, raw, err)
		}
		if back, err := DecodeExtensionInputs(raw); err != nil || !reflect.DeepEqual(back, got) {
			t.Errorf("%s: came back as %+v, %v", c.name, back, err)
		}
	}
}

func TestExtensionOutputsComeBack(t *testing.T) {
	yes, six := true, uint64(6)
	for _, out := range []ExtensionOutputs{
		{},
		{CredProtect: 3, MinPINLength: &six},
		{HMACSecret: &yes},
		{HMACSecret: &yes, Salted: make([]byte, 48)},
		{Salted: make([]byte, 80)},
	} {
		raw, err := EncodeExtensionOutputs(out)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := DecodeExtensionOutputs(raw); err != nil || !reflect.DeepEqual(back, out) {
			t.Errorf("%+v came back as %+v, %v", out, back, err)
		}
	}
}
