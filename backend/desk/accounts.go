package desk

import (
	"context"

	"github.com/keyferry/keyferry/backend/mfa"
)

// ChooseAccount answers stage choose-account: question is the AccountsQuestion's ID, and
// account an index into its list. invalid-input (field: account) when there is no such
// one, and then the question stays; not-found when that question is not asked, or was
// answered.
func (d *Desk) ChooseAccount(question, account int) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.run == nil || d.run.Stage != mfa.StageChooseAccount || d.run.Accounts == nil || d.run.Accounts.ID != question {
		return mfa.Fail(mfa.CodeNotFound, "what", "ceremony")
	}
	if account < 0 || account >= len(d.run.Accounts.Accounts) {
		return mfa.Fail(mfa.CodeInvalidInput, "field", "account")
	}
	select {
	case d.run.chosen <- account:
	default: // the ceremony ends without having taken the answer before
	}
	d.run.Accounts = nil // one answer for each question
	return nil
}

// chooseAccount waits for ChooseAccount. The question itself was told by the report before.
func (d *Desk) chooseAccount(r *run) mfa.ChooseAccount {
	return func(ctx context.Context, _ mfa.AccountsAsk) (int, error) {
		select {
		case account := <-r.chosen:
			return account, nil
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}
