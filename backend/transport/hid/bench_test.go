package hid

import (
	"context"
	"testing"
)

// BenchmarkFrames moves the reports of a message of 1024 bytes there and back
// through a Pipe, and nothing else: what the wire allows.
func BenchmarkFrames(b *testing.B) { benchmarkFrames(b, 1024) }

// BenchmarkPing has a message of 1024 bytes come back over the same Pipe: INIT
// excepted all that CTAPHID does, on both sides.
func BenchmarkPing(b *testing.B) { benchmarkPing(b, 1024) }

// The same with the longest message there is.
func BenchmarkFramesLongest(b *testing.B) { benchmarkFrames(b, 7609) }
func BenchmarkPingLongest(b *testing.B)   { benchmarkPing(b, 7609) }

func benchmarkFrames(b *testing.B, size int) {
	host, far := Pipe(64)
	defer host.Close()
	n := len(reports(64, 1, cmdPing, make([]byte, size)))
	ctx := context.Background()
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
	b.ReportMetric(float64(2*n*b.N)/b.Elapsed().Seconds(), "frames/s")
}

func benchmarkPing(b *testing.B, size int) {
	host, far := Pipe(64)
	ended := make(chan error)
	go func() { ended <- Serve(context.Background(), far, echo{}, CanCBOR) }()
	c, err := Open(context.Background(), host, nil)
	if err != nil {
		b.Fatal(err)
	}
	message := counting(size)
	n := len(reports(64, 1, cmdPing, message))
	for b.Loop() {
		back, err := c.Ping(context.Background(), message)
		if err != nil || len(back) != size {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(2*n*b.N)/b.Elapsed().Seconds(), "frames/s")
	c.Close()
	<-ended
}
