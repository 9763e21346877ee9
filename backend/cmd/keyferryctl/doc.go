// Command keyferryctl is Keyferry without a window: the same use cases, in a
// terminal or from a script. It never decides anything itself: it reads flags,
// asks, calls account and ceremony through assembly, and prints.
//
// Every command has --json. Commands that meet a phone (enroll, signin, devices,
// phone) print one JSON object per line, the result last; the others print one
// document. Exit codes: 0 done, 1 failed (the failure's code is printed),
// 2 wrong use, 130 cancelled.
//
// Passwords come from a prompt, a file or standard input, never from an argument
// (arguments are seen by every process of the machine). Simulated radios, relays
// and phones are for accounts made with --sandbox only.
//
// Reading order: main.go, command.go (flags and exit codes), output.go, words
// (English for every failure code), ask.go (questions and passwords), session.go
// (opening the account and signing in), then one file per command.
package main
