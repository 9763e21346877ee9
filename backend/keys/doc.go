// Package keys finds the security key that a person means, and looks after keys: PIN, passkeys on it, reset.
package keys
