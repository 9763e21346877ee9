package bind

import (
	"maps"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
)

// The values that cross to the page are those of frontend/src/api/contract.ts; a test
// holds the two against each other. They stand with their conversions in the files
// *_dto.go, one for each area. Times are Unix milliseconds, 0 is never. Lists are
// never null.

// FailureDTO is what a failed call rejects with.
type FailureDTO struct {
	Code     string            `json:"code"`
	Category string            `json:"category"`
	Next     string            `json:"next"`
	Params   map[string]string `json:"params"`
	IAM      string            `json:"iam"`
	Detail   string            `json:"detail"`
}

func failure(f *mfa.Failure) *FailureDTO {
	if f == nil {
		return nil
	}
	params := maps.Clone(f.Params)
	if params == nil {
		params = map[string]string{}
	}
	return &FailureDTO{Code: string(f.Code), Category: string(f.Category()), Next: string(f.Next()), Params: params, IAM: f.IAM(), Detail: f.Explain()}
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// moment is the opposite of millis.
func moment(millis int64) time.Time {
	if millis == 0 {
		return time.Time{}
	}
	return time.UnixMilli(millis).UTC()
}

// each converts a list; the result is never nil, so that the page gets [].
func each[S, D any](list []S, convert func(S) D) []D {
	out := make([]D, 0, len(list))
	for _, item := range list {
		out = append(out, convert(item))
	}
	return out
}

// maybe converts what may be absent.
func maybe[S, D any](p *S, convert func(S) D) *D {
	if p == nil {
		return nil
	}
	d := convert(*p)
	return &d
}

func text[S ~string](s S) string { return string(s) }
