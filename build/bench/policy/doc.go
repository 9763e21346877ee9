// Package policy measures backend/policy beside cedar-go and OPA on the same rules in
// the same run. Its one test holds the three to the same answers, without which the
// figures would mean nothing. Run build/bench/policy.sh.
package policy
