package webauthnwin

// topWindow is one window of the desktop, as far as it matters here.
type topWindow struct {
	handle  uintptr
	process uint32
	visible bool
	owned   bool // a dialog or tool window of another one
}

// ownWindow gives the first that a person takes for the program's own. Windows of other
// programs must not be used: the system's would stand before them, and they would be
// told apart from this one by nobody.
func ownWindow(process uint32, all []topWindow) uintptr {
	for _, w := range all {
		if w.process == process && w.visible && !w.owned {
			return w.handle
		}
	}
	return 0
}
