// Package webauthnwin is webauthn.dll as an authenticator.Native.
package webauthnwin
