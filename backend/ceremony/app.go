package ceremony

import (
	"context"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
)

// Issuer is what an authenticator app shows above the account.
const (
	Issuer        = "Keyferry"
	SandboxIssuer = "Keyferry sandbox"
)

// NewApp is an authenticator app that was made and is not enabled yet. What is secret
// in it is there once: it is sealed in the store, and nothing gives it a second time.
type NewApp struct {
	Device mfa.Device
	URI    *mfa.Secret // otpauth address, for a QR code
	Key    *mfa.Secret // the seed in base32, to be typed
	Label  string      // what the app shows: <device name>@<alias>
	Issuer string
}

// Wipe forgets what is secret.
func (n *NewApp) Wipe() {
	n.URI.Wipe()
	n.Key.Wipe()
}

// CreateApp makes a virtual device with a seed of 40 bytes (CreateVirtualMFADevice):
// SHA-1, six digits, 30 seconds. It belongs to nobody until EnableApp, and all others
// that belong to nobody are deleted by it, which frees their names. targetID is for
// whom it is, empty for the caller.
//
// name-invalid, as account.May fails, device-limit (params: max), vault-locked,
// name-taken.
func (s *Service) CreateApp(ctx context.Context, who mfa.Session, targetID, name string) (NewApp, error) {
	if err := mfa.CheckName(name); err != nil {
		return NewApp{}, err
	}
	a, err := s.Store.Account(ctx)
	if err != nil {
		return NewApp{}, err
	}
	acting, err := s.Accounts.MayDo(ctx, who, account.Ask{Operation: mfa.OpCreateVirtualDevice, TargetID: targetID, Resource: mfa.VirtualARN(a, name)})
	if err != nil {
		return NewApp{}, err
	}
	if err := s.Accounts.CheckRoom(ctx, acting.Target); err != nil {
		return NewApp{}, err
	}
	seed, err := totp.NewSeed(s.Rand)
	if err != nil {
		return NewApp{}, err
	}
	defer seed.Wipe()
	d, err := s.addApp(ctx, acting, name, seed)
	if err != nil {
		return NewApp{}, err
	}
	issuer := Issuer
	if acting.Account.Sandbox {
		issuer = SandboxIssuer
	}
	key := totp.Key{Type: totp.TOTP, Issuer: issuer, Account: name + "@" + acting.Account.Alias, Seed: seed, Params: totp.Default}
	return NewApp{Device: d, URI: key.URI(), Key: totp.Base32(seed), Label: key.Account, Issuer: issuer}, nil
}

// addApp seals the seed for the ID of a new device and stores that. The serial number
// is made of the name; where a device that was renamed still has it, 26 characters
// follow.
func (s *Service) addApp(ctx context.Context, a account.Acting, name string, seed *mfa.Secret) (mfa.Device, error) {
	now := s.Clock()
	d := mfa.Device{ID: mfa.NewID(), Kind: mfa.KindApp, Name: name, Serial: mfa.VirtualARN(a.Account, name), CreatedAt: now, Version: 1}
	sealed, err := s.Vault.Seal(mfa.SealSeed, d.ID, seed)
	if err != nil {
		return mfa.Device{}, err
	}
	p := totp.Default
	d.OneTime = &mfa.OneTime{Sealed: sealed, Algorithm: string(p.Algorithm), Digits: p.Digits, Period: p.Period}
	err = s.Store.AddDevice(ctx, d, s.did(a, mfa.EventVirtualCreated, d))
	if mfa.IsCode(err, mfa.CodeSerialTaken) {
		d.Serial = mfa.VirtualARN(a.Account, name+"-"+mfa.NewID())
		err = s.Store.AddDevice(ctx, d, s.did(a, mfa.EventVirtualCreated, d))
	}
	if err != nil {
		return mfa.Device{}, err
	}
	return d, nil
}

// EnableApp gives an authenticator app that belongs to nobody to somebody
// (EnableMFADevice), the caller when targetID is empty: one that was just made, or one
// whose phone still has it. Two consecutive codes prove that the phone makes them; they
// may be two steps off, for a slow hand, and what they are off is stored with the
// device, so it is never enabled but out of sync. Both codes are used up. Enabling does
// not make the session one of MFA.
//
// In this order: code-format, codes-equal; as account.May fails; not-found,
// device-assigned, device-limit; vault-locked; code-used, codes-swapped, codes-gap,
// code-clock, code-wrong (params as at Resync). name-taken and concurrent-modification
// when somebody was faster.
func (s *Service) EnableApp(ctx context.Context, who mfa.Session, targetID, deviceID, first, second string) (mfa.Device, error) {
	if err := checkPair(first, second); err != nil {
		return mfa.Device{}, err
	}
	acting, err := s.Accounts.May(ctx, who, mfa.OpEnableDevice, targetID)
	if err != nil {
		return mfa.Device{}, err
	}
	d, err := s.Store.Device(ctx, deviceID)
	if err == nil && d.Kind != mfa.KindApp {
		err = account.NoDevice()
	}
	if err != nil {
		return mfa.Device{}, err
	}
	return s.enable(ctx, acting, d, d.Name, first, second)
}
