package webauthnwin

import (
	"sync"
	"syscall"

	"golang.org/x/sys/windows"
)

var (
	getWindow        = windows.NewLazySystemDLL("user32.dll").NewProc("GetWindow")
	getConsoleWindow = windows.NewLazySystemDLL("kernel32.dll").NewProc("GetConsoleWindow")
)

const gwOwner = 4 // GW_OWNER, winuser.h

// listing is what the callback below writes to. There is one callback for ever, as the
// system never gives back what it takes for one.
var listing struct {
	sync.Mutex
	all []topWindow
}

var listed = sync.OnceValue(func() uintptr {
	return syscall.NewCallback(func(handle windows.HWND, _ uintptr) uintptr {
		w := topWindow{handle: uintptr(handle), visible: windows.IsWindowVisible(handle)}
		_, _ = windows.GetWindowThreadProcessId(handle, &w.process)
		owner, _, _ := getWindow.Call(uintptr(handle), gwOwner)
		w.owned = owner != 0
		listing.all = append(listing.all, w)
		return 1 // go on
	})
})

// Window finds the visible top-level window of this process that nobody owns. A program
// without one has its console, and one without either the window in front, since the
// system's own must stand before something; 0 when there is no desktop.
func Window() uintptr {
	listing.Lock()
	defer listing.Unlock()
	listing.all = nil
	_ = windows.EnumWindows(listed(), nil) // what came before an error counts
	if own := ownWindow(windows.GetCurrentProcessId(), listing.all); own != 0 {
		return own
	}
	if console, _, _ := getConsoleWindow.Call(); console != 0 {
		return console
	}
	return uintptr(windows.GetForegroundWindow())
}
