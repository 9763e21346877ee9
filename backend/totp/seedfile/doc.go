// Package seedfile reads the files in which vendors deliver the seeds of hardware
// tokens, and lists of otpauth addresses.
package seedfile
