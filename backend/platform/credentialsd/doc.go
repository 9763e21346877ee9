// Package credentialsd finds out whether this Linux session has a service that offers
// passkeys to all programs: credentialsd of the linux-credentials project, by itself or
// behind the desktop portal. It only looks, starts nothing and asks nobody.
//
// Its interfaces call themselves experimental and change between releases, so nothing
// here depends on them: Detect says which one is there, for the doctor's report.
package credentialsd
