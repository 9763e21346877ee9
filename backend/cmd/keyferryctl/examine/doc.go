// Package examine says of one registration or assertion, long after it was made and
// without the account it was made for, which checks hold, which fail, and why: the answer
// to "why does this credential fail".
//
// It has no checks of its own. Package rp decides, in the order of the standard; where it
// refuses because of what was expected, the expectation is replaced by what the
// credential says and rp decides again, so that the checks that come later are heard,
// too. What comes after something that no expectation can mend is not judged. Then
// packages trust, hello and admission speak, as in a registration.
//
// Nothing is kept, nobody is asked, and nothing here makes a credential acceptable: a
// report with one failure is a refusal.
//
// Reading order: report.go, input.go (what browsers write), options.go, key.go (keys of
// assertions), registration.go, assertion.go, again.go (expectations replaced), proof.go
// (metadata, Windows Hello, policy).
//
// Followed: WebAuthn Level 3 sections 5.1.8 to 5.1.10 (JSON), 7.1 and 7.2.
package examine
