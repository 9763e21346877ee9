// Package hello is the Windows Hello guard: it says whether a new credential lives
// in Windows Hello on this computer, from what the ceremony left behind. Such
// credentials are not accepted; a phone over hybrid or a security key is.
//
// Options that ask for another authenticator are a request, which Windows may pass
// over. What this package says afterwards is the enforcement.
//
// Every verdict names its proof. Where nothing proves either, the verdict is
// unproven, and the account decides what that means (mfa.Settings.RuleOutHello). A
// zero AAGUID proves nothing: Windows gives it for every authenticator when no
// attestation was asked for, and phones over hybrid give it as a rule.
//
// It never talks to Windows, judges no signature and no certificate, and keeps
// nothing: the same evidence gives the same verdict on every machine.
//
// Reading order: evidence.go, judge.go.
package hello
