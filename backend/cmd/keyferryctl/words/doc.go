// Package words is keyferryctl's English: one or two short sentences for every
// failure code, which say what happened and what to do next. The registry in
// package mfa owns the codes, the user interfaces own the words; a test holds
// this table against the registry, so that no code is without words.
package words
