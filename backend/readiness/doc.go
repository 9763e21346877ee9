// Package readiness says what this computer can do for each way to prove who one is, rung by rung.
package readiness
