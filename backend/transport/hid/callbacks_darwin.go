package hid

import (
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// The system gets three callbacks for ever, and with each use a number by which they
// find whose it is. A number is not used again, so what comes too late finds nobody.

var (
	onReport = sync.OnceValue(func() uintptr {
		return purego.NewCallback(func(context uintptr, result int32, _ uintptr, _, _ uint32, report unsafe.Pointer, size int) {
			l, there := listeners.get(context)
			if !there || result != 0 || report == nil || size < 0 || size > l.most {
				return
			}
			l.heard(unsafe.Slice((*byte)(report), size))
		})
	})
	onRemoval = sync.OnceValue(func() uintptr {
		return purego.NewCallback(func(context uintptr, _ int32, _ uintptr) {
			if l, there := listeners.get(context); there {
				l.gone()
			}
		})
	})
	onChange = sync.OnceValue(func() uintptr {
		return purego.NewCallback(func(context uintptr, _ int32, _, _ uintptr) {
			if l, there := listeners.get(context); there {
				l.gone()
			}
		})
	})
)

var listeners table
