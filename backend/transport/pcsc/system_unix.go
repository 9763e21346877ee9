//go:build linux || darwin

package pcsc

import (
	"errors"
	"runtime"

	"github.com/ebitengine/purego"
)

// libraries is where the library is, on its system: absolute names, so that nothing
// from a search path or the working folder is loaded.
var libraries = map[string][]string{
	"linux/amd64": {"/usr/lib/x86_64-linux-gnu/libpcsclite.so.1", "/usr/lib64/libpcsclite.so.1", "/usr/lib/libpcsclite.so.1",
		"/lib/x86_64-linux-gnu/libpcsclite.so.1"},
	"linux/arm64": {"/usr/lib/aarch64-linux-gnu/libpcsclite.so.1", "/usr/lib64/libpcsclite.so.1", "/usr/lib/libpcsclite.so.1",
		"/lib/aarch64-linux-gnu/libpcsclite.so.1"},
	"darwin/amd64": {"/System/Library/Frameworks/PCSC.framework/PCSC"},
	"darwin/arm64": {"/System/Library/Frameworks/PCSC.framework/PCSC"},
}

// load opens the system's library.
func load() (service, error) {
	err := errors.New("pcsc: not known where the library is on " + runtime.GOOS + "/" + runtime.GOARCH)
	var library uintptr
	for _, name := range libraries[runtime.GOOS+"/"+runtime.GOARCH] {
		if library, err = purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_LOCAL); err == nil {
			break
		}
	}
	if err != nil {
		return nil, noService(err)
	}
	procs := map[string]uintptr{}
	for _, name := range procNames {
		if procs[name], err = purego.Dlsym(library, name); err != nil {
			return nil, noService(err)
		}
	}
	return &binding{layouts[runtime.GOOS], func(proc string, args ...uintptr) code {
		r, _, _ := purego.SyscallN(procs[proc], args...)
		return code(r)
	}}, nil
}
