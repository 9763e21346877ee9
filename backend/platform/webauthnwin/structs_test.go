package webauthnwin

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"unsafe"
)

// The sizes and offsets that a C compiler gives the header's structures on 64-bit
// Windows.
func TestLayout(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) != 8 {
		t.Skip("the table is for 64-bit systems, the only ones that Keyferry is built for on Windows")
	}
	for name, row := range map[string]struct {
		layout  any
		size    uintptr
		offsets []uintptr
	}{
		"RP info":             {rpInfo{}, 32, []uintptr{0, 8, 16, 24}},
		"user info":           {userInfo{}, 40, []uintptr{0, 4, 8, 16, 24, 32}},
		"client data":         {clientData{}, 24, []uintptr{0, 4, 8, 16}},
		"COSE parameter":      {coseParameter{}, 24, []uintptr{0, 8, 16}},
		"COSE list":           {coseParameters{}, 16, []uintptr{0, 8}},
		"credential":          {credential{}, 24, []uintptr{0, 4, 8, 16}},
		"credential out":      {credentialOut{}, 24, []uintptr{0, 4, 8, 16}},
		"credential list":     {credentials{}, 16, []uintptr{0, 8}},
		"credential-ex":       {credentialEx{}, 32, []uintptr{0, 4, 8, 16, 24}},
		"credential-ex list":  {credentialList{}, 16, []uintptr{0, 8}},
		"extension":           {extension{}, 24, []uintptr{0, 8, 16}},
		"extension list":      {extensions{}, 16, []uintptr{0, 8}},
		"extension list out":  {extensionsOut{}, 16, []uintptr{0, 8}},
		"make options v9":     {makeOptions{}, 200, []uintptr{0, 4, 8, 24, 40, 44, 48, 52, 56, 64, 72, 80, 84, 88, 92, 96, 104, 112, 120, 128, 136, 144, 152, 160, 168, 176, 184, 192}},
		"get options v9":      {getOptions{}, 200, []uintptr{0, 4, 8, 24, 40, 44, 48, 56, 64, 72, 80, 88, 92, 96, 104, 112, 120, 128, 132, 136, 144, 152, 160, 168, 176, 184, 192}},
		"attestation v8":      {attestation{}, 192, []uintptr{0, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 112, 116, 120, 124, 128, 132, 136, 144, 152, 156, 160, 168, 176, 184}},
		"assertion v6":        {assertion{}, 168, []uintptr{0, 4, 8, 16, 24, 32, 56, 64, 72, 88, 96, 104, 112, 120, 124, 128, 136, 144, 152, 160}},
		"linked device":       {linkedDevice{}, 80, []uintptr{0, 4, 8, 16, 24, 32, 40, 48, 56, 64, 72}},
		"HMAC salt":           {hmacSalt{}, 32, []uintptr{0, 8, 16, 24}},
		"salt values":         {saltValues{}, 24, []uintptr{0, 8, 16}},
		"per-credential salt": {credentialSalt{}, 24, []uintptr{0, 8, 16}},
		"GUID":                {guid{}, 16, []uintptr{0, 4, 6, 8}},
	} {
		t.Run(name, func(t *testing.T) {
			kind := reflect.TypeOf(row.layout)
			var offsets []uintptr
			for i := range kind.NumField() {
				offsets = append(offsets, kind.Field(i).Offset)
			}
			if kind.Size() != row.size || !slices.Equal(offsets, row.offsets) {
				t.Errorf("%d | %s\nthe table says\n%d | %s", kind.Size(), fmt.Sprint(offsets), row.size, fmt.Sprint(row.offsets))
			}
		})
	}
}
