// Package bind is the boundary between the page and Go: values in, values out,
// failure codes out. It turns what the page sends into domain values, calls the
// back end, and turns what comes back into DTOs. It decides nothing.
//
// A failed call rejects with a FailureDTO; a panic becomes the failure
// `internal`, because without that the page's promise would never settle.
// Passwords arrive as lists of byte values and are wiped when the call ends.
//
// Reading order: backend.go (what is called), seat.go (waiting for it), api.go
// (the methods the page sees), phone.go (those of the simulated phone), call.go
// (the one wrapper around each), dto.go and convert.go, password.go.
package bind
