package readiness_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/keyferry/keyferry/backend/readiness"
	"github.com/keyferry/keyferry/backend/transport"
)

// doctorLimit is what is promised: everything is told by then, also when nothing answers.
const doctorLimit = 3 * time.Second

// mute never answers. stubborn does not even hear that the time is over.
type mute struct {
	stubborn bool
	released chan struct{}
	asked    *atomic.Int32
}

func (m mute) wait(ctx context.Context) error {
	if m.asked != nil {
		m.asked.Add(1)
	}
	if m.stubborn {
		<-m.released
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

func (m mute) Probe(ctx context.Context) (string, error)                  { return "", m.wait(ctx) }
func (m mute) Scan(context.Context, func(), func(transport.Advert)) error { return nil }
func (m mute) List(ctx context.Context) ([]transport.Slot, error)         { return nil, m.wait(ctx) }
func (m mute) Watch(context.Context, func()) error                        { return nil }
func (m mute) Open(context.Context, string) (transport.Key, error)        { return nil, nil }
func (m mute) Proxy(string) string                                        { return "" }
func (m mute) Resolve(ctx context.Context, _ string) error                { return m.wait(ctx) }
func (m mute) Connect(ctx context.Context, _ string) error                { return m.wait(ctx) }
func (m mute) version(ctx context.Context) (int, error)                   { return 0, m.wait(ctx) }
func (m mute) own(ctx context.Context) (readiness.Own, error)             { return readiness.Own{}, m.wait(ctx) }
func (m mute) facts(ctx context.Context) (readiness.Facts, error) {
	return readiness.Facts{}, m.wait(ctx)
}

func (m mute) config(system string) readiness.Config {
	return readiness.Config{Radio: m, USB: m, Cards: m, Computer: m.own, Windows: m.version, Vault: m.wait,
		Hosts: []string{google, apple}, Network: m, Machine: m.facts, System: system}
}

// A network that is silent is one that drops what it gets: that is a failure. One that
// does not even hear that the time is over is unknown.
const (
	droppedHosts = " host-name=failed(tunnel-unreachable) host-connect=skipped host-name=failed(tunnel-unreachable) host-connect=skipped"
	silentHosts  = " host-name=unknown[why silent] host-connect=skipped host-name=unknown[why silent] host-connect=skipped"
)

func TestNothingAnswers(t *testing.T) {
	want := map[string]string{
		"linux": "[unsure: radio-service=unknown[why silent] radio-permission=skipped radio-adapter=skipped radio-power=skipped" +
			silentHosts + " clock=unknown[why system]" +
			" unsure: usb-access=unknown[why silent] unsure: card-service=unknown[why silent] card-permission=skipped card-reader=skipped" +
			" unsure: tpm-device=unknown[why silent] tpm-permission=skipped tpm-lockout=skipped unsure: clock=unknown[why system] vault=unknown[why silent]]",
		"windows": "[unsure: radio-service=unknown[why silent] radio-permission=skipped radio-adapter=skipped radio-power=skipped" +
			silentHosts + " clock=unknown[why system] windows-api=unknown[why silent]" +
			" unsure: windows-api=unknown[why silent] unsure: windows-api=unknown[why silent]" +
			" not-ready: windows-hello=failed(windows-hello) unsure: clock=unknown[why system] vault=unknown[why silent]]",
	}
	for system, want := range want {
		for _, stubborn := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, stubborn %v", system, stubborn), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m := mute{stubborn: stubborn, released: make(chan struct{})}
					defer close(m.released)
					began := time.Now()
					r := readiness.New(m.config(system)).Check(t.Context(), readiness.Options{Online: true})
					if took := time.Since(began); took > doctorLimit {
						t.Errorf("it took %v", took)
					}
					var got []string
					for _, l := range r.Ladders {
						got = append(got, show(l))
					}
					want := want
					if !stubborn {
						want = "[not-ready" + strings.TrimPrefix(strings.Replace(want, silentHosts, droppedHosts, 1), "[unsure")
					}
					if fmt.Sprint(got) != want {
						t.Errorf("got  %s\nwant %s", got, want)
					}
				})
			})
		}
	}
}

// What hangs is not asked again before it answered, and then it is.
func TestWhatHangsIsAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		m := mute{stubborn: true, released: make(chan struct{}), asked: &asked}
		c := world()
		c.Radio = m
		k := readiness.New(c)
		for range 5 {
			if got := k.Check(t.Context(), readiness.Options{}).Ladder(readiness.WayPhone).Rungs[0].Params["why"]; got != readiness.WhySilent {
				t.Errorf("why is %q", got)
			}
		}
		if n := asked.Load(); n != 1 {
			t.Errorf("it was asked %d times", n)
		}
		close(m.released)
		synctest.Wait()
		if got := k.Check(t.Context(), readiness.Options{}).Ladder(readiness.WayPhone).Rungs[0]; got.State != readiness.OK || asked.Load() != 2 {
			t.Errorf("afterwards: %+v, asked %d times", got, asked.Load())
		}
	})
}

// bubble is a subtest in a time of its own, in which nobody is silent because the
// machine is busy.
func bubble(t *testing.T, name string, f func(*testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

// Many may look at once: each gets its own report.
func TestChecksAtOnce(t *testing.T) { synctest.Test(t, checksAtOnce) }

func checksAtOnce(t *testing.T) {
	k := readiness.New(world())
	reports := make(chan readiness.Report, 8)
	for range cap(reports) {
		go func() { reports <- k.Check(t.Context(), readiness.Options{Online: true}) }()
	}
	for range cap(reports) {
		if l := (<-reports).Ladder(readiness.WayPhone); l.State != readiness.Ready {
			t.Error(show(l))
		}
	}
}

func TestWhoIsGoneWaitsForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		stop()
		began := time.Now()
		r := readiness.New(mute{}.config("linux")).Check(ctx, readiness.Options{Online: true})
		if took := time.Since(began); took != 0 || r.Ladder(readiness.WayPhone).State != readiness.Unsure {
			t.Errorf("%v, %s", took, show(r.Ladder(readiness.WayPhone)))
		}
	})
}

// The network is used when that is allowed, and for nothing but the hosts.
func TestNetwork(t *testing.T) {
	for _, c := range []struct {
		name   string
		online bool
		proxy  string
		want   []string
		phone  readiness.Verdict
	}{
		{"offline", false, "", nil, readiness.Unsure},
		{"online", true, "", []string{"connect cable.auth.com:443", "connect cable.ua5v.com:443", "resolve cable.auth.com", "resolve cable.ua5v.com"}, readiness.Ready},
		{"a proxy asks for the names", true, "proxy:8080", []string{"connect proxy:8080", "connect proxy:8080"}, readiness.Ready},
	} {
		bubble(t, c.name, func(t *testing.T) {
			asked := make(chan string, 10)
			config := world()
			config.Network = network{asked: asked, proxy: c.proxy}
			r := readiness.New(config).Check(t.Context(), readiness.Options{Online: c.online})
			close(asked)
			var got []string
			for a := range asked {
				got = append(got, a)
			}
			if slices.Sort(got); !slices.Equal(got, c.want) {
				t.Errorf("asked %q", got)
			}
			if l := r.Ladder(readiness.WayPhone); l.State != c.phone {
				t.Error(show(l))
			}
		})
	}
}

// On Windows the app's own authenticator is not asked, elsewhere not Windows.
func TestWhoIsNotAsked(t *testing.T) {
	never := func(context.Context) (readiness.Own, error) { panic("asked") }
	c := world()
	c.System, c.Computer, c.Windows = "windows", never, windows(9, nil)
	readiness.New(c).Check(t.Context(), readiness.Options{})
	c = world()
	c.Windows = func(context.Context) (int, error) { panic("asked") }
	readiness.New(c).Check(t.Context(), readiness.Options{})
}

// A Checker of nothing but the system's own answers.
func TestBareChecker(t *testing.T) {
	r := readiness.New(readiness.Config{}).Check(t.Context(), readiness.Options{})
	if r.System != runtime.GOOS || r.At.IsZero() || len(r.Ladders) != len(readiness.Ways()) || len(r.Machine) == 0 {
		t.Errorf("%+v", r)
	}
}

// BenchmarkDoctorWhenNothingAnswers is the figure "doctor complete in 3 s": the time of
// one check is what it takes.
func BenchmarkDoctorWhenNothingAnswers(b *testing.B) {
	m := mute{stubborn: true, released: make(chan struct{})}
	defer close(m.released)
	b.ReportAllocs()
	for b.Loop() {
		k := readiness.New(m.config("linux"))
		began := time.Now()
		k.Check(b.Context(), readiness.Options{Online: true})
		if took := time.Since(began); took > doctorLimit {
			b.Fatalf("it took %v", took)
		}
	}
}

// BenchmarkDoctorWhenAllAnswer is what asking costs by itself.
func BenchmarkDoctorWhenAllAnswer(b *testing.B) {
	k := readiness.New(world())
	b.ReportAllocs()
	for b.Loop() {
		k.Check(b.Context(), readiness.Options{Online: true})
	}
}
