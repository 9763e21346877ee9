// Package pinuv is PIN/UV auth protocol one and two (CTAP 2.2 section 6.5.6 and 6.5.7), both roles: the
// platform's and the authenticator's.
package pinuv
