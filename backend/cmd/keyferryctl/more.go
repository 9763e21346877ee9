package main

import (
	"maps"
	"slices"

	"github.com/keyferry/keyferry/backend/mfa"
)

// more adds a param to a failure of one of codes: what the command knows and the use
// case does not, so that the words fit what the person did. Other errors stay.
func more(err error, name, value string, codes ...mfa.Code) error {
	if !slices.ContainsFunc(codes, func(c mfa.Code) bool { return mfa.IsCode(err, c) }) {
		return err
	}
	f := mfa.AsFailure(err)
	richer := f.Because(f.Unwrap()) // a copy
	if richer.Params = maps.Clone(f.Params); richer.Params == nil {
		richer.Params = map[string]string{}
	}
	richer.Params[name] = value
	return richer
}

// ofPair is more for two codes that were given side by side.
func ofPair(err error) error {
	return more(err, "codes-given", "two", mfa.CodeCodeWrong, mfa.CodeCodeClock)
}
