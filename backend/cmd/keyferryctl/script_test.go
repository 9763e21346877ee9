package main

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"net"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/keyferry/keyferry/backend/home"
	"github.com/keyferry/keyferry/backend/qrpicture"
	"github.com/keyferry/keyferry/backend/totp"
)

// atRaces tells the race detector of a process that it need not wait a second before
// it ends, as it does by default: the tests start hundreds. What races is reported when
// it is seen, and still ends a process with its own exit code.
const atRaces = "atexit_sleep_ms=0"

func TestMain(m *testing.M) {
	os.Setenv("GORACE", strings.TrimSpace(os.Getenv("GORACE")+" "+atRaces))
	secretStore, cheap, metadataService, doctorParts, keysOfMachine = noStore{}, true, metadataOfTests(), partsOfTests, keysOfTests // here and in each process: they are all this binary
	testscript.Main(m, map[string]func(){"keyferryctl": main})
}

// TestScripts runs testdata/script: what a person can do with the program, with
// real processes. Besides testscript's own commands and conditions, [tpm] says that this
// computer has a TPM, and there are:
//
//	ports             sets $RADIO and $LISTEN to free loopback addresses
//	waitfile FILE     waits until FILE is there
//	waitlisten        waits until somebody listens at $LISTEN
//	qrpng TEXT FILE   draws a code
//	blankpng FILE     draws a picture without one
//	checkpoints HOME  sets $CHECKPOINTS to the file of a sandbox's checkpoints
//	blob FILE NUMBER [worse|recall|key]  makes metadata: metadata_test.go
//	crl FILE [revoked]        makes a revocation list beside it
//	passkey NAME MODEL        makes JSON of a registration and a sign-in: passkey_test.go
//	field FILE REGEXP NAME    sets $NAME to what the first group matches
//	slot FILE WAY NAME  sets $NAME to the ID of a way in what vault status printed
//	totp FILE NAME    sets $NAME to the next code of the key (base32) in FILE. The
//	                  first is the present one; each one after follows the last, and
//	                  is never older than the present. So nobody waits for a clock.
func TestScripts(t *testing.T) {
	tokens := &shownCodes{last: map[string]shown{}}
	fido := newMetadataWorld(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "", // writes what cmp expects
		RequireUniqueNames:  true,
		Condition: func(what string) (bool, error) {
			if what == "tpm" {
				_, err := os.Stat("/dev/tpmrm0")
				return err == nil, nil
			}
			return false, errors.New("there is no condition " + what)
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("XDG_CONFIG_HOME", e.WorkDir+"/config") // nothing of the machine's own
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("GORACE", os.Getenv("GORACE"))
			return fido.setup(e)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"ports": func(ts *testscript.TestScript, _ bool, _ []string) {
				radio, listen := freePorts(ts.Fatalf)
				ts.Setenv("RADIO", radio)
				ts.Setenv("LISTEN", listen)
			},
			"waitfile": func(ts *testscript.TestScript, _ bool, args []string) {
				waitFor(ts.Fatalf, args[0], func() bool {
					_, err := os.Stat(ts.MkAbs(args[0]))
					return err == nil
				})
			},
			"waitlisten": func(ts *testscript.TestScript, _ bool, _ []string) {
				waitFor(ts.Fatalf, "the tunnel server", func() bool { return listens(ts.Getenv("LISTEN")) })
			},
			"qrpng": func(ts *testscript.TestScript, _ bool, args []string) {
				m, err := qrpicture.Draw(args[0])
				ts.Check(err)
				ts.Check(os.WriteFile(ts.MkAbs(args[1]), m.PNG(6, qrpicture.QuietZone), 0o600))
			},
			"checkpoints": func(ts *testscript.TestScript, _ bool, args []string) {
				folder, err := home.Open(ts.MkAbs(args[0]))
				ts.Check(err)
				ts.Setenv("CHECKPOINTS", folder.SandboxCheckpoints())
				ts.Check(folder.Close())
			},
			"field": func(ts *testscript.TestScript, _ bool, args []string) {
				found := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile(args[0]))
				if found == nil {
					ts.Fatalf("%s does not match %s", args[0], args[1])
				}
				ts.Setenv(args[2], found[1])
			},
			"blob":    fido.blob,
			"crl":     fido.crl,
			"passkey": fido.passkey,
			"totp": func(ts *testscript.TestScript, _ bool, args []string) {
				code, err := tokens.next(ts.MkAbs(args[0]), time.Now())
				ts.Check(err)
				ts.Setenv(args[1], code)
			},
			"slot": func(ts *testscript.TestScript, _ bool, args []string) {
				for line := range strings.Lines(ts.ReadFile(args[0])) {
					if f := strings.Fields(line); len(f) > 1 && f[1] == args[1] {
						ts.Setenv(args[2], f[0])
					}
				}
			},
			"blankpng": func(ts *testscript.TestScript, _ bool, args []string) {
				f, err := os.Create(ts.MkAbs(args[0]))
				ts.Check(err)
				defer f.Close()
				ts.Check(png.Encode(f, image.NewGray(image.Rect(0, 0, 100, 100))))
			},
		},
	})
}

// shownCodes is what the tokens of the scripts showed last, by the file of their key.
// A token keeps its distance to the clock, as the product remembers it.
type shownCodes struct {
	mu   sync.Mutex
	last map[string]shown
}

type shown struct{ step, ahead int64 }

func (c *shownCodes) next(keyFile string, now time.Time) (string, error) {
	text, err := os.ReadFile(keyFile)
	if err != nil {
		return "", err
	}
	seed, err := totp.ParseBase32(bytes.TrimSpace(text))
	if err != nil {
		return "", err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	here := totp.Default.Step(now)
	s := c.last[keyFile]
	s.step = max(s.step+1, here+s.ahead)
	s.ahead = s.step - here
	c.last[keyFile] = s
	return totp.Code(seed, totp.Default, totp.Default.Start(s.step))
}

// freePorts gives a UDP and a TCP address that nobody uses. They lie below the ports that
// a system hands out by itself (from 32768 on Linux, from 49152 elsewhere): one of those
// can be somebody's by the time a process of the test takes it. Each is given once.
func freePorts(fatal func(string, ...any)) (radio, listen string) {
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", 10_000+nextPort.Add(1)%20_000)
		u, err := net.ListenPacket("udp", address)
		if err != nil {
			continue
		}
		l, err := net.Listen("tcp", address)
		u.Close()
		if err == nil {
			l.Close()
			return address, address
		}
	}
	fatal("there are no free ports")
	return "", ""
}

// nextPort begins somewhere, so that two runs of these tests seldom meet.
var nextPort = func() *atomic.Uint32 {
	var n atomic.Uint32
	n.Store(rand.Uint32N(20_000))
	return &n
}()

func listens(addr string) bool {
	c, err := net.Dial("tcp", addr)
	if err == nil {
		c.Close()
	}
	return err == nil
}

// waitFor looks until another process has done something; nothing else tells.
func waitFor(fatal func(string, ...any), what string, done func() bool) {
	for deadline := time.Now().Add(2 * time.Minute); !done(); {
		if time.Now().After(deadline) {
			fatal("waited in vain for %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
