package phonesim_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/phonesim"
	"github.com/keyferry/keyferry/backend/qrpicture"
)

func TestPasskeysSurviveARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "phone.json")
	w := newWorld(t, phonesim.Config{Behaviour: phonesim.Approve, Path: path})
	c, err := w.create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	<-w.scanned
	w.phone.Close()
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info, err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("files left: %v %v", left, err)
	}
	w.phone = w.open()
	w.expect("signing in", w.signIn(t.Context(), c, nil), "")
}

func TestLinkedPhoneIsRung(t *testing.T) {
	reachable := make(chan struct{}, 10)
	w := newWorld(t, phonesim.Config{Behaviour: phonesim.Approve, Path: filepath.Join(t.TempDir(), "phone.json"), Reachable: func() { reachable <- struct{}{} }})
	c, err := w.create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	link := <-w.links
	if link.Name != phonesim.DefaultName {
		t.Errorf("the link is called %q", link.Name)
	}
	<-w.scanned
	w.until(phonesim.PhaseDone)
	w.phone.Close()
	w.phone = w.open() // the link must be on disk
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- w.phone.Serve(ctx) }()
	<-reachable
	w.expect("signing in by ringing", w.signIn(t.Context(), c, &link), "")
	if s := w.until(phonesim.PhaseAsking); s.Op != phonesim.OpSignIn || s.RPID != mfa.SandboxRPID {
		t.Errorf("%+v", s)
	}
	if err := w.phone.Configure(phonesim.Decline, phonesim.Android); err != nil {
		t.Fatal(err)
	}
	w.until(phonesim.PhaseDone)
	w.expect("a call that is declined", w.signIn(t.Context(), c, &link), mfa.CodeDeclined)
	cancel()
	if err := <-served; !errors.Is(err, context.Canceled) {
		t.Errorf("Serve ends with %v", err)
	}
}

func TestIPhoneDoesNotLink(t *testing.T) {
	w := newWorld(t, phonesim.Config{Behaviour: phonesim.Approve, Model: phonesim.IPhone})
	if _, err := w.create(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-w.scanned
	if err := w.client.WaitIdle(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-w.links:
		t.Error("an iPhone gave a link")
	default:
	}
}

func TestOldCodeIsTaken(t *testing.T) {
	w := newWorld(t, phonesim.Config{Behaviour: phonesim.Approve})
	w.client.Clock = func() time.Time { return time.Now().Add(-24 * time.Hour) }
	_, err := w.create(t.Context())
	w.expect("adding", err, "")
}

func TestWhatIsNoCode(t *testing.T) {
	picture := func(text string) []byte {
		m, err := qrpicture.Draw(text)
		if err != nil {
			t.Fatal(err)
		}
		return m.PNG(6, qrpicture.QuietZone)
	}
	var blank bytes.Buffer
	if err := png.Encode(&blank, image.NewGray(image.Rect(0, 0, 200, 200))); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, phonesim.Config{})
	for _, c := range []struct {
		name    string
		picture []byte
		code    mfa.Code
	}{
		{"text", []byte("hello"), mfa.CodePictureUnreadable},
		{"nothing", nil, mfa.CodePictureUnreadable},
		{"blank", blank.Bytes(), mfa.CodePictureNoCode},
		{"another protocol", picture("otpauth://totp/A:b?secret=JBSWY3DPEHPK3PXP"), mfa.CodeNotPhoneCode},
		{"damaged", picture("FIDO:/123456789"), mfa.CodeCodeDamaged},
		{"not on the curve", picture("FIDO:/" + strings.Repeat("0", 168)), mfa.CodeCodeDamaged},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, scan := range map[string]func(context.Context, *bytes.Reader) error{
				"ScanPicture": func(ctx context.Context, r *bytes.Reader) error { return w.phone.ScanPicture(ctx, r) },
				"Begin":       func(ctx context.Context, r *bytes.Reader) error { return w.phone.Begin(ctx, r) },
			} {
				if err := scan(t.Context(), bytes.NewReader(c.picture)); !mfa.IsCode(err, c.code) {
					t.Errorf("%s: %v, want %s", name, err, c.code)
				}
				if s := w.phone.State(); s.Phase != phonesim.PhaseFailed || !mfa.IsCode(s.Failure, c.code) {
					t.Errorf("%s: the phone shows %+v", name, s)
				}
			}
		})
	}
}

func TestMemoryThatIsNoneIsRefused(t *testing.T) {
	for name, content := range map[string]string{"empty": "", "other JSON": `{"version":1}`, "newer": `{"version":2,"contact":""}`, "text": "hello"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "phone.json")
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := phonesim.Open(phonesim.Config{Path: path}); !mfa.IsCode(err, mfa.CodeDatabaseDamaged) {
				t.Errorf("%v", err)
			}
			if got, _ := os.ReadFile(path); string(got) != content {
				t.Error("the file was touched")
			}
		})
	}
}

func TestUnknownSettingsAreRefused(t *testing.T) {
	for name, c := range map[string]phonesim.Config{"behaviour": {Behaviour: "dance"}, "model": {Model: "brick"}} {
		if _, err := phonesim.Open(c); !mfa.IsCode(err, mfa.CodeInvalidInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
