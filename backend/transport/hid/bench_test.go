package hid

import (
	"context"
	"runtime"
	"testing"
	"time"
)

// What is measured is a message of 1024 bytes there and back: nothing but its
// reports, and a PING with all that CTAPHID does on both sides. InFrames is over a
// device that moves one report in each millisecond, as USB does with a key at full
// speed; of-limit is the part of the frames that was used. InMemory is over the
// Pipe alone, and shows what a report costs us.

const benchMessage = 1024

func BenchmarkReportsInFrames(b *testing.B) {
	benchmarkReports(b, func(d Device) Device { return newFramed(d, time.Millisecond) })
}

func BenchmarkPingInFrames(b *testing.B) {
	benchmarkPing(b, func(d Device) Device { return newFramed(d, time.Millisecond) })
}

func BenchmarkReportsInMemory(b *testing.B) {
	benchmarkReports(b, func(d Device) Device { return d })
}

func BenchmarkPingInMemory(b *testing.B) {
	benchmarkPing(b, func(d Device) Device { return d })
}

// framed is a device on a bus: reports go at the beginning of a frame, one each
// way in each.
type framed struct {
	Device
	began   time.Time
	every   time.Duration
	in, out time.Duration // the last frame used, from began
}

func newFramed(d Device, every time.Duration) *framed {
	return &framed{Device: d, began: time.Now(), every: every}
}

// frame waits for the next frame that has not been used. The last stretch is spun,
// as timers are late by as much as matters here.
func (f *framed) frame(last *time.Duration) {
	next := max(time.Since(f.began).Truncate(f.every), *last) + f.every
	for {
		left := next - time.Since(f.began)
		if left <= 0 {
			break
		}
		if left > f.every/2 {
			time.Sleep(left - f.every/2)
		} else {
			runtime.Gosched()
		}
	}
	*last = next
}

func (f *framed) Read(ctx context.Context) ([]byte, error) {
	report, err := f.Device.Read(ctx)
	if err == nil {
		f.frame(&f.in)
	}
	return report, err
}

func (f *framed) Write(ctx context.Context, report []byte) error {
	f.frame(&f.out)
	return f.Device.Write(ctx, report)
}

func benchmarkReports(b *testing.B, bus func(Device) Device) {
	near, far := Pipe(64)
	defer near.Close()
	host := bus(near)
	n := len(reports(64, 1, cmdPing, make([]byte, benchMessage)))
	ctx, stop := context.WithCancel(context.Background()) // as every user of a Device has one
	defer stop()
	report := make([]byte, 64)
	go func() {
		report := make([]byte, 64)
		for {
			for range n {
				if _, err := far.Read(ctx); err != nil {
					return
				}
			}
			for range n {
				far.Write(ctx, report)
			}
		}
	}()
	for b.Loop() {
		for range n {
			host.Write(ctx, report)
		}
		for range n {
			if _, err := host.Read(ctx); err != nil {
				b.Fatal(err)
			}
		}
	}
	measured(b, host, n)
}

func benchmarkPing(b *testing.B, bus func(Device) Device) {
	near, far := Pipe(64)
	host := bus(near)
	ended := make(chan error)
	go func() { ended <- Serve(context.Background(), far, echo{}, CanCBOR) }()
	c, err := Open(context.Background(), host, nil)
	if err != nil {
		b.Fatal(err)
	}
	message := counting(benchMessage)
	for b.Loop() {
		back, err := c.Ping(context.Background(), message)
		if err != nil || len(back) != benchMessage {
			b.Fatal(err)
		}
	}
	measured(b, host, len(reports(64, 1, cmdPing, message)))
	c.Close()
	<-ended
}

// measured reports what was reached, for messages of n reports.
func measured(b *testing.B, host Device, n int) {
	if f, paced := host.(*framed); paced {
		least := time.Duration(2*n*b.N) * f.every
		b.ReportMetric(float64(least)/float64(b.Elapsed()), "of-limit")
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(2*n*b.N), "ns/report")
}
