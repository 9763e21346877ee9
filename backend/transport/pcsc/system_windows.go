package pcsc

import (
	"golang.org/x/sys/windows"
	"syscall"
)

// variants are the names of functions that exist for two kinds of text. Names of
// readers are taken as the bytes they are.
var variants = map[string]string{
	"SCardListReaders":     "SCardListReadersA",
	"SCardGetStatusChange": "SCardGetStatusChangeA",
	"SCardConnect":         "SCardConnectA",
}

// load opens the system's library, from the system's folder only.
func load() (service, error) {
	library := windows.NewLazySystemDLL("winscard.dll")
	procs := map[string]*windows.LazyProc{}
	for _, name := range procNames {
		exported := name
		if v, ok := variants[name]; ok {
			exported = v
		}
		procs[name] = library.NewProc(exported)
		if err := procs[name].Find(); err != nil {
			return nil, noService(err)
		}
	}
	return &binding{layouts["windows"], func(proc string, args ...uintptr) code {
		r, _, _ := syscall.SyscallN(procs[proc].Addr(), args...)
		return code(r)
	}}, nil
}
