package foundation

import (
	"runtime"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego/objc"
)

var pools struct {
	once sync.Once
	push func() uintptr
	pop  func(pool uintptr)
}

// ready opens the framework that has the classes below. Without it they are nil, and
// messages to nil give nothing.
func ready() {
	pools.once.Do(func() {
		_, _ = Load("Foundation")
		if Bind(Process, map[string]any{"objc_autoreleasePoolPush": &pools.push, "objc_autoreleasePoolPop": &pools.pop}) != nil {
			pools.push, pools.pop = func() uintptr { return 0 }, func(uintptr) {}
		}
	})
}

// Pool does something with an autorelease pool around it, on one thread, to which the
// pool belongs.
func Pool(do func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ready()
	pool := pools.push()
	defer pools.pop(pool)
	do()
}

// pointer is the address of a variable, as what a system's number stands for.
func pointer(at *uintptr) unsafe.Pointer { return unsafe.Pointer(at) }

// Release gives an object back that we own.
func Release(o objc.ID) { o.Send(selector("release")) }

var selectors sync.Map // names to objc.SEL

// selector registers a name once: the runtime takes a global lock for it.
func selector(name string) objc.SEL {
	if known, ok := selectors.Load(name); ok {
		return known.(objc.SEL)
	}
	s := objc.RegisterName(name)
	selectors.Store(name, s)
	return s
}

// Ask sends a message that answers with an object, or with nothing.
func Ask(o objc.ID, message string, arguments ...any) objc.ID {
	return o.Send(selector(message), arguments...)
}

// Number sends a message that answers with an integer or an enumeration.
func Number(o objc.ID, message string, arguments ...any) int {
	return objc.Send[int](o, selector(message), arguments...)
}

// Yes sends a message that answers with a BOOL.
func Yes(o objc.ID, message string, arguments ...any) bool {
	return objc.Send[bool](o, selector(message), arguments...)
}

// Class gives a class as the object that it is, 0 where there is none of that name.
func Class(name string) objc.ID {
	ready()
	return objc.ID(objc.GetClass(name))
}

// Can says whether an object knows a message.
func Can(o objc.ID, message string) bool {
	return o != 0 && Yes(o, "respondsToSelector:", selector(message))
}
