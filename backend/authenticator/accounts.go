package authenticator

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"

	"github.com/keyferry/keyferry/backend/ctap2"
	"github.com/keyferry/keyferry/backend/mfa"
)

// Bounds of what is shown of an account that an authenticator tells of.
const (
	maxAccountName = 64 // characters, of a user's name as of a device's
	minMark        = 4  // bytes of a credential ID
	maxMark        = 16
)

// answer asks for the signature, and the person whose it shall be where the authenticator
// has several and cannot ask by itself (CTAP 2.1 sections 6.2.3 and 6.3). What was signed
// for the others is wiped.
func (s session) answer(ctx context.Context, req ctap2.GetAssertionRequest, restricted bool) (ctap2.GetAssertionResponse, error) {
	if restricted || s.Choose == nil || s.hybrid() { // a phone asks on its own screen
		return ctap2.GetAssertion(ctx, s, req, s.confirm())
	}
	all, err := ctap2.GetAssertions(ctx, s, req, s.confirm())
	switch {
	case err != nil:
		return ctap2.GetAssertionResponse{}, err
	case len(all) == 1 || all[0].UserSelected:
		return all[0], nil
	}
	_ = s.Close() // it has said all it can: others may have it, or it may be pulled out, while somebody reads
	ask := mfa.AccountsAsk{Key: s.name(), Local: s.Platform, Accounts: accounts(all)}
	s.Report.To(mfa.Progress{Stage: mfa.StageChooseAccount, Key: ask.Key, Accounts: &ask})
	chosen, err := s.Choose(ctx, ask)
	if err == nil {
		err = ctx.Err() // an answer that was on its way when the time ended
	}
	if err == nil && (chosen < 0 || chosen >= len(all)) {
		err = mfa.Fail(mfa.CodeInternal).Because(fmt.Errorf("authenticator: account %d of %d", chosen, len(all)))
	}
	for i := range all {
		if err != nil || i != chosen {
			clear(all[i].Signature)
		}
	}
	if err != nil {
		return ctap2.GetAssertionResponse{}, err
	}
	return all[chosen], nil
}

// accounts is what can be shown of the answers, in their order: the newest first. Names
// are told only to whom was verified.
func accounts(all []ctap2.GetAssertionResponse) []mfa.FoundAccount {
	out := make([]mfa.FoundAccount, len(all))
	called := map[mfa.FoundAccount]int{}
	for i, a := range all {
		if a.User != nil {
			out[i].Name, out[i].FullName = oneLine(a.User.Name), oneLine(a.User.DisplayName)
		}
		if out[i].FullName == out[i].Name || out[i].Name == "" {
			out[i] = mfa.FoundAccount{Name: out[i].FullName}
		}
		called[out[i]]++
	}
	size := markSize(all)
	for i, a := range all {
		if f := out[i]; called[f] > 1 || f.Name == "" {
			out[i].Mark = mark(a, size)
		}
	}
	return out
}

// markSize is how many bytes of the credential IDs tell all of them apart.
func markSize(all []ctap2.GetAssertionResponse) int {
	for size := minMark; size < maxMark; size++ {
		seen := map[string]bool{}
		for _, a := range all {
			seen[mark(a, size)] = true
		}
		if len(seen) == len(all) {
			return size
		}
	}
	return maxMark
}

func mark(a ctap2.GetAssertionResponse, size int) string {
	if a.Credential == nil {
		return ""
	}
	return hex.EncodeToString(a.Credential.ID[:min(size, len(a.Credential.ID))])
}

// oneLine keeps of a name from outside what can be shown: no control characters, none
// that turn the direction of writing, one space where there were several.
func oneLine(name string) string {
	kept := make([]rune, 0, maxAccountName)
	for _, r := range name {
		switch {
		case len(kept) == maxAccountName:
		case unicode.IsSpace(r):
			kept = append(kept, ' ')
		case unicode.IsPrint(r) && r != unicode.ReplacementChar:
			kept = append(kept, r)
		}
	}
	return strings.Join(strings.Fields(string(kept)), " ")
}
