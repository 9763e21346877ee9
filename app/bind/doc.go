// Package bind is the boundary between the page and Go: values in, values out,
// failure codes out. It turns what the page sends into domain values, calls the
// desk or, with the session that sits there, a use case, and turns what comes back
// into DTOs. It decides nothing.
//
// A failed call rejects with a FailureDTO; a panic becomes the failure
// `internal`, because without that the page's promise would never settle. Secrets
// cross as lists of byte values, in both directions, and are wiped when the call
// ends or when they were written. Files have IDs: the page names no path, and
// dialogs are the system's own.
//
// Reading order: backend.go (what is called), seat.go (waiting for it), call.go (the
// wrappers around each method: look, call, seated, changing), api.go, then one file
// for each area with its DTOs beside it in *_dto.go; convert.go, password.go,
// event.go.
package bind
