package vectors

import (
	"fmt"
	"runtime"
	"runtime/metrics"
	"time"
)

// guard bounds one item. An item that breaks a bound is a mismatch; its
// goroutine cannot be stopped and is left behind.
type guard struct {
	time   time.Duration
	memory uint64 // bytes of heap over what was there before
}

var defaultGuard = guard{time: 2 * time.Second, memory: 64 << 20}

// sampleEvery is short enough to see an allocation of the size of the bound:
// touching 64 MB takes longer.
const sampleEvery = 2 * time.Millisecond

// run gives the verdict, or says how the item broke the bounds.
func (g guard) run(it item) (v verdict, broke string) {
	var input []byte
	if it.input != nil {
		input = it.input()
	}
	if len(input) > 1<<20 {
		runtime.GC() // so that what made the input does not count
	}
	before := heap()
	type end struct {
		v     verdict
		broke string
	}
	done := make(chan end, 1)
	go func() {
		var e end
		defer func() {
			if p := recover(); p != nil {
				e.broke = fmt.Sprintf("panic: %v", p)
			}
			done <- e
		}()
		e.v = it.run(input)
	}()
	late := time.NewTimer(g.time)
	defer late.Stop()
	sample := time.NewTicker(sampleEvery)
	defer sample.Stop()
	tooMuch := func() bool { now := heap(); return now > before && now-before > g.memory }
	for {
		select {
		case e := <-done:
			if e.broke == "" && tooMuch() {
				e.broke = fmt.Sprintf("more than %d MB of memory", g.memory>>20)
			}
			return e.v, e.broke
		case <-late.C:
			return verdict{}, fmt.Sprintf("longer than %v", g.time)
		case <-sample.C:
			if tooMuch() {
				return verdict{}, fmt.Sprintf("more than %d MB of memory", g.memory>>20)
			}
		}
	}
}

// heap is the memory of all objects on the heap, dead ones included until they
// are swept.
func heap() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
