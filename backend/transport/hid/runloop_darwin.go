package hid

import (
	"runtime"
	"time"

	"github.com/keyferry/keyferry/backend/platform/macos/foundation"
)

// runLoops are the functions of CoreFoundation's run loops that are needed here.
type runLoops struct {
	current func() uintptr
	run     func(mode uintptr, seconds float64, once bool) int32
	stop    func(loop uintptr)
	retain  func(object uintptr) uintptr
	release func(object uintptr)
	mode    uintptr // kCFRunLoopDefaultMode
}

const (
	loopFinished = 1 // kCFRunLoopRunFinished: nothing is left that could happen
	loopTurn     = 250 * time.Millisecond
)

func (r *runLoops) load() error {
	library, err := foundation.Load("CoreFoundation")
	if err != nil {
		return err
	}
	if r.mode, err = foundation.Constant(library, "kCFRunLoopDefaultMode"); err != nil {
		return err
	}
	return foundation.Bind(library, map[string]any{
		"CFRunLoopGetCurrent": &r.current,
		"CFRunLoopRunInMode":  &r.run,
		"CFRunLoopStop":       &r.stop,
		"CFRetain":            &r.retain,
		"CFRelease":           &r.release,
	})
}

// start runs a loop on a thread of its own, on which begin puts something into it and
// end takes it out again. Callbacks come on that thread only, so there are none before
// begin and none once stop has returned. stop must not be called on it.
//
// A stop that comes just before the loop turns is not noticed by it, so it turns every
// 250 ms anyway; each turn has a pool for what the system makes by the way.
func (r *runLoops) start(begin func(loop uintptr) (end func(), err error)) (stop func(), err error) {
	begun, quit, ended := make(chan error, 1), make(chan struct{}), make(chan struct{})
	var loop uintptr
	go func() {
		defer close(ended)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		loop = r.retain(r.current())
		var end func()
		var err error
		foundation.Pool(func() { end, err = begin(loop) })
		begun <- err
		if err != nil {
			return
		}
		defer foundation.Pool(end)
		for {
			select {
			case <-quit:
				return
			default:
			}
			how := int32(loopFinished)
			foundation.Pool(func() { how = r.run(r.mode, loopTurn.Seconds(), false) })
			if how == loopFinished { // the device is gone: wait without turning
				<-quit
				return
			}
		}
	}()
	if err := <-begun; err != nil {
		<-ended
		r.release(loop)
		return nil, err
	}
	return func() {
		close(quit)
		r.stop(loop)
		<-ended
		r.release(loop)
	}, nil
}
