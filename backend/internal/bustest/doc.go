// Package bustest runs a D-Bus message bus of its own for a test, on which the test is
// every service: nothing of the machine's own buses is seen or touched.
package bustest
