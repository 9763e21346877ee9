package storetest

import (
	"bytes"
	"fmt"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// NewAccount, NewRoot, NewUser, NewPasskey, NewLink, NewApp, NewToken, NewPolicy,
// NewBlob, NewLocalPasskey and NewLocalState make valid rows for tests. Everything that must be unique is made from the name or number.
func NewAccount() mfa.Account {
	return mfa.Account{ID: "123456789012", Alias: "harbour", RPID: mfa.DefaultRPID, Settings: mfa.DefaultSettings(),
		CreatedAt: day, Version: 1}
}

// NewRoot is the root user with the ID "ROOT".
func NewRoot() mfa.Principal {
	return mfa.Principal{ID: "ROOT", Kind: mfa.Root, Email: "Root@Example.org", UserHandle: bytes.Repeat([]byte{1}, 32),
		Password:  mfa.PasswordHash{Salt: []byte("salt"), Hash: []byte("hash"), Time: 3, MemoryKiB: 65536, Threads: 4},
		CreatedAt: day, Version: 1}
}

// NewUser is a user whose ID is made from the name.
func NewUser(name string) mfa.Principal {
	return mfa.Principal{ID: "USER-" + name, Kind: mfa.User, Name: name, UserHandle: []byte("handle of " + name),
		Password: mfa.PasswordHash{Salt: []byte("s"), Hash: []byte("h"), Time: 1, MemoryKiB: 1, Threads: 1}, CreatedAt: day, Version: 1}
}

// NewPasskey is a synced passkey on a phone whose IDs are made from the name.
func NewPasskey(principalID, name string) mfa.Device {
	return mfa.Device{ID: "DEVICE-" + name, PrincipalID: principalID, Kind: mfa.KindPasskey, Name: name,
		Serial: "arn:aws:iam::123456789012:u2f/root-account/" + name, CreatedAt: day, EnabledAt: day, Version: 1,
		Passkey: &mfa.Credential{ID: []byte("credential " + name), PublicKey: []byte{0xa5, 1, 2}, Algorithm: -7,
			AAGUID: mfa.AAGUID{0xea, 0x9b, 15: 7}, SignCount: 4, Transports: []string{"hybrid", "internal"}, BackupEligible: true,
			BackupState: true, Discoverable: true, UserVerified: true, AttestationFormat: "none", AttestationObject: []byte{0xa3, 0}}}
}

// NewLink is a linked phone whose ID and key are made from the number.
func NewLink(principalID string, n byte) mfa.LinkedPhone {
	return mfa.LinkedPhone{ID: fmt.Sprint("LINK-", n), PrincipalID: principalID, Name: "Phone", Sealed: []byte{n, 1, 2},
		PublicKey: append([]byte{4}, bytes.Repeat([]byte{n}, 64)...), TunnelServer: 1, CreatedAt: at(int(n))}
}

// NewApp is an authenticator app whose IDs are made from the name. Without a
// principal it is unassigned.
func NewApp(principalID, name string) mfa.Device {
	d := mfa.Device{ID: "APP-" + name, PrincipalID: principalID, Kind: mfa.KindApp, Name: name,
		Serial: "arn:aws:iam::123456789012:mfa/" + name, CreatedAt: day, Version: 1,
		OneTime: &mfa.OneTime{Sealed: []byte("sealed " + name), Algorithm: "SHA1", Digits: 6, Period: 30 * time.Second}}
	if principalID != "" {
		d.EnabledAt = day
	}
	return d
}

// NewToken is a hardware token in stock.
func NewToken(serial string) mfa.Device {
	return mfa.Device{ID: "TOKEN-" + serial, Kind: mfa.KindToken, Serial: serial, CreatedAt: day, Version: 1,
		OneTime: &mfa.OneTime{Sealed: []byte("sealed " + serial), Algorithm: "SHA256", Digits: 6, Period: time.Minute,
			Manufacturer: "Quay Works", Model: "Q1"}}
}

// NewPolicy is a managed policy that grants nothing but listing users.
func NewPolicy(name string) mfa.Policy {
	return mfa.Policy{Name: name, Path: mfa.RootPath, Document: `{"Version":"2012-10-17","Statement":{"Sid":"` + name +
		`","Effect":"Allow","Action":"iam:ListUsers","Resource":"*"}}`, CreatedAt: day, UpdatedAt: day, Version: 1}
}

// NewBlob is a metadata BLOB of this number. Its bytes are apart from it.
func NewBlob(number int64) mfa.Blob {
	return mfa.Blob{Number: number, Hash: [32]byte{byte(number)}, ImportedAt: day, NextUpdate: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC),
		Signer: "mds.example.org", Source: "blob.jwt", Entries: 281, Odd: 2, Size: 5 << 20}
}

// NewLocalPasskey is a passkey of this computer for the user whose handle is the number.
func NewLocalPasskey(rpID string, n byte) mfa.LocalPasskey {
	return mfa.LocalPasskey{ID: append([]byte(rpID), n), RPID: rpID, RPName: "The " + rpID, UserHandle: []byte{n}, UserName: "ann",
		UserDisplayName: "Ann", Algorithm: -7, Public: []byte{0, 90, n}, Private: []byte{0, 126, n}, Discoverable: true, CreatedAt: at(int(n))}
}

// NewLocalState is a state with a PIN that was set for the n-th time.
func NewLocalState(n byte) mfa.LocalState {
	return mfa.LocalState{Parent: []byte{0, 11, 7}, PINPublic: []byte{0, 46, n}, PINPrivate: []byte{0, 160, n}, PINSetAt: at(int(n))}
}
