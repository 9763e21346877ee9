//go:build unix

package rp

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// BenchmarkSimpleWebAuthn compares with SimpleWebAuthn's server on the same
// ceremonies: "of-simplewebauthn" is how many times as many are verified here in a
// second; "-by-cpu" the same for a second of processor time. build/bench/rp.sh sets the folder.
func BenchmarkSimpleWebAuthn(b *testing.B) {
	folder := os.Getenv("KEYFERRY_SIMPLEWEBAUTHN")
	if folder == "" {
		b.Skip("KEYFERRY_SIMPLEWEBAUTHN is not set: run build/bench/rp.sh")
	}
	e, c, ceremonies := benchCeremonies(b)
	type object = map[string]any
	input := object{
		"expected":   object{"challenge": encode(e.Challenge), "origin": e.Origin, "rpID": e.RPID},
		"credential": object{"id": encode(c.ID), "publicKey": encode(c.PublicKey), "counter": c.SignCount},
		"algorithms": e.Algorithms,
		"ceremonies": object{},
	}
	for name, text := range ceremonies {
		input["ceremonies"].(object)[name] = json.RawMessage(text)
	}
	text, err := json.Marshal(input)
	if err != nil {
		b.Fatal(err)
	}
	run := exec.Command("node", "verify.mjs")
	run.Dir, run.Stdin, run.Stderr = folder, bytes.NewReader(text), os.Stderr
	output, err := run.Output()
	if err != nil {
		b.Fatal(err)
	}
	var theirs map[string]struct{ PerSecond, PerCPUSecond float64 }
	if err := json.Unmarshal(output, &theirs); err != nil {
		b.Fatal(err)
	}
	for name := range ceremonies {
		b.Run(name, func(b *testing.B) {
			verify := ceremony(b, e, c, ceremonies, name)
			for b.Loop() {
				verify()
			}
			ours, oursCPU := rate(verify)
			b.ReportMetric(ours, "ops/s")
			b.ReportMetric(theirs[name].PerSecond, "their-ops/s")
			b.ReportMetric(ours/theirs[name].PerSecond, "of-simplewebauthn")
			b.ReportMetric(oursCPU/theirs[name].PerCPUSecond, "of-simplewebauthn-by-cpu")
		})
	}
}

// rate keeps every processor at work, as the other side does, and gives
// operations per second, and per second of processor time, which other programs
// on the machine cannot take away.
func rate(work func()) (perSecond, perCPUSecond float64) {
	const duration = 1500 * time.Millisecond
	var done atomic.Int64
	var wait sync.WaitGroup
	start, cpu := time.Now(), cpuTime()
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for time.Since(start) < duration {
				work()
				done.Add(1)
			}
		})
	}
	wait.Wait()
	count := float64(done.Load())
	return count / time.Since(start).Seconds(), count / (cpuTime() - cpu).Seconds()
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
