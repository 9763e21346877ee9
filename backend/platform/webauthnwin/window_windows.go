package webauthnwin

import (
	"sync"
	"syscall"

	"golang.org/x/sys/windows"
)

var (
	getWindow        = windows.NewLazySystemDLL("user32.dll").NewProc("GetWindow")
	getAncestor      = windows.NewLazySystemDLL("user32.dll").NewProc("GetAncestor")
	getConsoleWindow = windows.NewLazySystemDLL("kernel32.dll").NewProc("GetConsoleWindow")
)

// winuser.h
const (
	gwOwner     = 4 // GW_OWNER
	gaRootOwner = 3 // GA_ROOTOWNER
)

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
// system's own must stand before something; 0 when there is no desktop. The console of a
// terminal program (Windows Terminal) is a window that is never shown, and the terminal's
// is the one that owns it.
func Window() uintptr {
	listing.Lock()
	defer listing.Unlock()
	listing.all = nil
	_ = windows.EnumWindows(listed(), nil) // what came before an error counts
	if own := ownWindow(windows.GetCurrentProcessId(), listing.all); own != 0 {
		return own
	}
	if console, _, _ := getConsoleWindow.Call(); console != 0 {
		if terminal, _, _ := getAncestor.Call(console, gaRootOwner); terminal != 0 {
			return terminal
		}
		return console
	}
	return uintptr(windows.GetForegroundWindow())
}
