package ceremony

import (
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/totp"
	"github.com/keyferry/keyferry/backend/virtualauth"
)

// gadget is an authenticator app or a token, with a clock of its own.
type gadget struct {
	mfa.Device
	seed  *mfa.Secret
	ahead time.Duration
}

const step = 30 * time.Second

// code is what the gadget shows so many steps from now.
func (b *bench) code(t testing.TB, g gadget, steps int) string {
	t.Helper()
	code, err := totp.Code(g.seed, totp.Default, b.clock.read().Add(g.ahead+time.Duration(steps)*step))
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// pair waits for the next step, so that two codes can be read one after the other.
func (b *bench) pair(t testing.TB, g gadget) (first, second string) {
	t.Helper()
	first = b.code(t, g, 0)
	b.clock.add(step)
	return first, b.code(t, g, 0)
}

// create makes an app and reads its key as a phone would.
func (b *bench) create(t testing.TB, who mfa.Session, targetID, name string) gadget {
	t.Helper()
	made, err := b.CreateApp(t.Context(), who, targetID, name)
	if err != nil {
		t.Fatalf("create %s: %v (%s)", name, err, mfa.AsFailure(err).Explain())
	}
	defer made.Wipe()
	seed, err := totp.ParseBase32(made.Key.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return gadget{Device: made.Device, seed: seed}
}

// app adds an app and enables it.
func (b *bench) app(t testing.TB, who mfa.Session, targetID, name string) gadget {
	t.Helper()
	g := b.create(t, who, targetID, name)
	first, second := b.pair(t, g)
	d, err := b.EnableApp(t.Context(), who, targetID, g.ID, first, second)
	if err != nil {
		t.Fatalf("enable %s: %v (%s)", name, err, mfa.AsFailure(err).Explain())
	}
	g.Device = d
	return g
}

// token puts a token into the stock.
func (b *bench) token(t testing.TB, serial string, ahead time.Duration) gadget {
	t.Helper()
	seed, err := totp.NewSeed(b.Rand)
	if err != nil {
		t.Fatal(err)
	}
	d := mfa.Device{ID: mfa.NewID(), Kind: mfa.KindToken, Serial: serial, CreatedAt: b.clock.read(), Version: 1}
	sealed, err := b.vault.Seal(mfa.SealSeed, d.ID, seed)
	if err != nil {
		t.Fatal(err)
	}
	d.OneTime = &mfa.OneTime{Sealed: sealed, Algorithm: "SHA1", Digits: 6, Period: step, Manufacturer: "Acme", Model: "T1"}
	if err := b.Store.AddTokens(t.Context(), []mfa.Device{d}, mfa.Event{At: b.clock.read(), Kind: mfa.EventTokensImported}); err != nil {
		t.Fatal(err)
	}
	return gadget{Device: d, seed: seed, ahead: ahead}
}

func (b *bench) signIn(t testing.TB, g gadget) mfa.Session {
	t.Helper()
	b.clock.add(step)
	s, err := b.SignInWithCode(t.Context(), b.pending(t), b.code(t, g, 0))
	if err != nil {
		t.Fatalf("%v (%s)", err, mfa.AsFailure(err).Explain())
	}
	return s
}

func (b *bench) device(t testing.TB, id string) mfa.Device {
	t.Helper()
	d, err := b.Store.Device(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAppFromCreatingToSigningIn(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	made, err := b.CreateApp(t.Context(), b.who, "", "my-app")
	if err != nil {
		t.Fatal(err)
	}
	if made.Device.IsAssigned() || made.Device.Serial[len(made.Device.Serial)-len(":mfa/my-app"):] != ":mfa/my-app" {
		t.Errorf("created %+v", made.Device)
	}
	key, err := totp.ParseURI(made.URI.Bytes())
	if err != nil || key.Issuer != Issuer || key.Account != "my-app@acme-lab" || key.Params != totp.Default || key.Seed.Len() != totp.SeedSize {
		t.Fatalf("address %+v, %v", key, err)
	}
	typed, err := totp.ParseBase32(made.Key.Bytes())
	if err != nil || !typed.Equal(key.Seed) || made.Label != key.Account || made.Issuer != key.Issuer {
		t.Fatalf("key and address differ: %v", err)
	}
	g := gadget{Device: made.Device, seed: key.Seed, ahead: -20 * time.Second}
	first, second := b.pair(t, g)
	d, err := b.EnableApp(t.Context(), b.who, "", g.ID, first, second)
	if err != nil || d.PrincipalID != b.who.PrincipalID || d.EnabledAt.IsZero() || d.Version != 2 {
		t.Fatalf("%+v, %v", d, err)
	}
	if b.who.MFAPresent() {
		t.Error("enabling made the session one of MFA")
	}
	session := b.signIn(t, g)
	if !session.MFAPresent() || session.DeviceID != g.ID || session.Limit != mfa.LimitNone {
		t.Errorf("session %+v", session)
	}
	if d := b.device(t, g.ID); d.LastUsedAt.IsZero() || d.OneTime.LastStep == 0 {
		t.Errorf("the use was not noted: %+v", d)
	}
	if k := b.kinds(t); k[len(k)-1] != mfa.EventSignInMFA {
		t.Errorf("audit trail %v", k)
	}
	made.Wipe()
	if made.Key.Len() != 0 || made.URI.Len() != 0 {
		t.Error("Wipe leaves something")
	}
}

func TestCodesThatEnabledNeverSignIn(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	g := b.create(t, b.who, "", "my-app")
	first, second := b.pair(t, g)
	if _, err := b.EnableApp(t.Context(), b.who, "", g.ID, first, second); err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{first, second} {
		_, err := b.SignInWithCode(t.Context(), b.pending(t), code)
		wants(t, err, mfa.CodeCodeUsed)
	}
	if g, _ := b.Accounts.GuessGate(t.Context(), b.who.PrincipalID); g.Count != 0 {
		t.Errorf("a used code counts as %d guesses", g.Count)
	}
}

func TestEnablingIsRefused(t *testing.T) {
	type try func(b *bench, g gadget) (targetID, deviceID, first, second string)
	usual := func(b *bench, g gadget) (string, string, string, string) {
		first, second := b.pair(t, g)
		return "", g.ID, first, second
	}
	for name, c := range map[string]struct {
		arrange func(*bench, gadget)
		try     try
		code    mfa.Code
	}{
		"letters":        {try: func(b *bench, g gadget) (string, string, string, string) { return "", g.ID, "12345a", "123456" }, code: mfa.CodeCodeFormat},
		"five digits":    {try: func(b *bench, g gadget) (string, string, string, string) { return "nobody", "", "12345", "123456" }, code: mfa.CodeCodeFormat},
		"other digits":   {try: func(b *bench, g gadget) (string, string, string, string) { return "", g.ID, "123456", "12345٣" }, code: mfa.CodeCodeFormat},
		"twice the same": {try: func(b *bench, g gadget) (string, string, string, string) { return "nobody", "", "123456", "123456" }, code: mfa.CodeCodesEqual},
		"for nobody":     {try: func(b *bench, g gadget) (string, string, string, string) { return "nobody", "", "123456", "654321" }, code: mfa.CodeNotFound},
		"no such device": {try: func(b *bench, g gadget) (string, string, string, string) { return "", "none", "123456", "654321" }, code: mfa.CodeNotFound},
		"a token by this door": {try: func(b *bench, g gadget) (string, string, string, string) {
			return "", b.token(t, "GAHT12345678", 0).ID, "123456", "654321"
		}, code: mfa.CodeNotFound},
		"enabled already": {arrange: func(b *bench, g gadget) {
			if _, err := b.EnableApp(t.Context(), b.who, "", g.ID, b.code(t, g, -1), b.code(t, g, 0)); err != nil {
				t.Fatal(err)
			}
			b.who.MFAAt = b.clock.read()
		}, try: usual, code: mfa.CodeDeviceAssigned},
		"swapped": {try: func(b *bench, g gadget) (string, string, string, string) {
			first, second := b.pair(t, g)
			return "", g.ID, second, first
		}, code: mfa.CodeCodesSwapped},
		"a gap": {try: func(b *bench, g gadget) (string, string, string, string) {
			return "", g.ID, b.code(t, g, -1), b.code(t, g, 1)
		}, code: mfa.CodeCodesGap},
		"two hours off": {try: func(b *bench, g gadget) (string, string, string, string) {
			return "", g.ID, b.code(t, g, -240), b.code(t, g, -239)
		}, code: mfa.CodeCodeClock},
		"three steps off": {try: func(b *bench, g gadget) (string, string, string, string) {
			return "", g.ID, b.code(t, g, 2), b.code(t, g, 3)
		}, code: mfa.CodeCodeClock},
		"not of it": {try: func(b *bench, g gadget) (string, string, string, string) {
			seed, _ := totp.NewSeed(b.Rand)
			first, second := b.pair(t, gadget{seed: seed})
			return "", g.ID, first, second
		}, code: mfa.CodeCodeWrong},
		"vault locked": {arrange: func(b *bench, _ gadget) { b.vault.locked.Store(true) }, try: usual, code: mfa.CodeVaultLocked},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, virtualauth.Android())
			g := b.create(t, b.who, "", "my-app")
			if c.arrange != nil {
				c.arrange(b, g)
			}
			targetID, deviceID, first, second := c.try(b, g)
			before := b.device(t, g.ID)
			_, err := b.EnableApp(t.Context(), b.who, targetID, deviceID, first, second)
			wants(t, err, c.code)
			if after := b.device(t, g.ID); after.PrincipalID != before.PrincipalID || after.OneTime.LastStep != before.OneTime.LastStep || after.Version != before.Version {
				t.Errorf("the device is %+v now", after)
			}
		})
	}
}

// A pair two steps off enables, and the device is in step from then on.
func TestNeverEnabledButOutOfSync(t *testing.T) {
	for _, off := range []time.Duration{-2 * step, -step, 0, step, 2 * step} {
		t.Run(off.String(), func(t *testing.T) {
			b := newBench(t, virtualauth.Android())
			g := b.create(t, b.who, "", "my-app")
			g.ahead = off
			first, second := b.pair(t, g)
			d, err := b.EnableApp(t.Context(), b.who, "", g.ID, first, second)
			if err != nil || d.OneTime.Drift != int(off/step) {
				t.Fatalf("drift %d, %v", d.OneTime.Drift, err)
			}
			b.signIn(t, g)
		})
	}
}

// The ninth device is refused before its codes are looked at.
func TestNinthDeviceWithCodes(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	b.who.MFAAt = b.clock.read()
	var last gadget
	for i := range mfa.MaxDevices {
		last = b.app(t, b.who, "", "app-"+string(rune('a'+i)))
	}
	_, err := b.CreateApp(t.Context(), b.who, "", "ninth")
	wants(t, err, mfa.CodeDeviceLimit)
	token := b.token(t, "GAHT12345678", 0)
	_, err = b.AssignToken(t.Context(), b.who, "", token.Serial, "ninth", "123456", "654321")
	wants(t, err, mfa.CodeDeviceLimit)
	b.signIn(t, last)
}

func TestNamesOfApps(t *testing.T) {
	b := newBench(t, virtualauth.Android())
	b.create(t, b.who, "", "one")
	again := b.create(t, b.who, "", "ONE") // the first is swept
	if left, err := b.Store.Unassigned(t.Context(), mfa.KindApp); err != nil || len(left) != 1 || left[0].ID != again.ID {
		t.Fatalf("unassigned %v, %v", left, err)
	}
	first, second := b.pair(t, again)
	if _, err := b.EnableApp(t.Context(), b.who, "", again.ID, first, second); err != nil {
		t.Fatal(err)
	}
	b.who.MFAAt = b.clock.read()
	_, err := b.CreateApp(t.Context(), b.who, "", "one")
	wants(t, err, mfa.CodeNameTaken)
	// A device that was renamed keeps its serial; its old name is free.
	d := b.device(t, again.ID)
	d.Name = "two"
	if err := b.Store.UpdateDevice(t.Context(), d, mfa.Event{At: b.clock.read(), Kind: mfa.EventDeviceRenamed}); err != nil {
		t.Fatal(err)
	}
	third := b.create(t, b.who, "", "one")
	if third.Serial == again.Serial || mfa.CheckSerial(third.Serial) != nil {
		t.Errorf("serial %s beside %s", third.Serial, again.Serial)
	}
	// Any kind may take the name of an app that nobody has.
	token := b.token(t, "GAHT12345678", 0)
	first, second = b.pair(t, token)
	if _, err := b.AssignToken(t.Context(), b.who, "", token.Serial, "one", first, second); err != nil {
		t.Fatal(err)
	}
	if left, err := b.Store.Unassigned(t.Context(), mfa.KindApp); err != nil || len(left) != 0 {
		t.Errorf("unassigned %v, %v", left, err)
	}
}

func TestTokenFromStockToSigningIn(t *testing.T) {
	for name, ahead := range map[string]time.Duration{"on time": 0, "an hour ahead": time.Hour, "59 minutes behind": -59 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, virtualauth.Android())
			g := b.token(t, "GAHT12345678", ahead)
			first, second := b.pair(t, g)
			d, err := b.AssignToken(t.Context(), b.who, "", "gaht12345678", "key-fob", first, second)
			if err != nil || d.Name != "key-fob" || d.PrincipalID != b.who.PrincipalID || d.OneTime.Drift != int(ahead/step) {
				t.Fatalf("%+v, %v", d, err)
			}
			b.signIn(t, g)
		})
	}
}

func TestTokenIsNotAssigned(t *testing.T) {
	for name, c := range map[string]struct {
		serial, name, first, second string
		ahead                       time.Duration
		code                        mfa.Code
	}{
		"bad name":           {serial: "GAHT12345678", name: "no spaces", first: "x", code: mfa.CodeNameInvalid},
		"short serial":       {serial: "GAHT", name: "fob", first: "x", code: mfa.CodeSerialInvalid},
		"no code":            {serial: "GAHT00000000", name: "fob", first: "x", second: "y", code: mfa.CodeCodeFormat},
		"unknown serial":     {serial: "GAHT00000000", name: "fob", first: "123456", second: "654321", code: mfa.CodeNotFound},
		"wrong codes":        {serial: "GAHT12345678", name: "fob", first: "123456", second: "654321", code: mfa.CodeCodeWrong},
		"name of an app":     {serial: "GAHT12345678", name: "MY-APP", first: "123456", second: "654321", code: mfa.CodeNameTaken},
		"two hours ahead":    {serial: "GAHT12345678", name: "fob", ahead: 2 * time.Hour, code: mfa.CodeCodeClock},
		"a virtual's serial": {serial: "arn:aws:iam::123456789012:mfa/other", name: "fob", first: "123456", second: "654321", code: mfa.CodeNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, virtualauth.Android())
			b.app(t, b.who, "", "my-app")
			b.who.MFAAt = b.clock.read()
			g := b.token(t, "GAHT12345678", c.ahead)
			if c.first == "" {
				c.first, c.second = b.pair(t, g)
			}
			_, err := b.AssignToken(t.Context(), b.who, "", c.serial, c.name, c.first, c.second)
			wants(t, err, c.code)
			if b.device(t, g.ID).IsAssigned() {
				t.Error("it was assigned")
			}
		})
	}
}
