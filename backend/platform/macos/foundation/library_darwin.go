package foundation

import (
	"fmt"

	"github.com/ebitengine/purego"
)

// Process finds what is loaded already, libSystem and libobjc among it: for Bind.
const Process = uintptr(purego.RTLD_DEFAULT)

// Load opens a framework of the system, such as IOKit. It stays open.
func Load(framework string) (library uintptr, err error) {
	path := "/System/Library/Frameworks/" + framework + ".framework/" + framework
	return purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
}

// Bind makes callable what a library exports: functions has pointers to variables of
// function types under the names of the C functions. The types are taken at their word.
func Bind(library uintptr, functions map[string]any) error {
	for name, function := range functions {
		at, err := purego.Dlsym(library, name)
		if err != nil {
			return fmt.Errorf("foundation: %s: %w", name, err)
		}
		purego.RegisterFunc(function, at)
	}
	return nil
}

// Constant gives the value of a pointer that a library exports, such as a CFStringRef.
func Constant(library uintptr, name string) (uintptr, error) {
	at, err := purego.Dlsym(library, name)
	if err != nil {
		return 0, fmt.Errorf("foundation: %s: %w", name, err)
	}
	return **(**uintptr)(pointer(&at)), nil
}

// Address gives where something lies that a library exports.
func Address(library uintptr, name string) (uintptr, error) {
	at, err := purego.Dlsym(library, name)
	if err != nil {
		return 0, fmt.Errorf("foundation: %s: %w", name, err)
	}
	return at, nil
}
