package account

import (
	"context"
	"fmt"

	"github.com/keyferry/keyferry/backend/mfa"
)

// CheckUsers holds a list against the account as it is now: names that somebody has or
// that stand in the list twice (name-taken; params: name, and line of the first one),
// and passwords that the account's rules refuse (password-policy). It may be asked
// again. It fails as May does, for administrators in the list also on their behalf.
func (s *Service) CheckUsers(ctx context.Context, who mfa.Session, l *UserList) error {
	_, err := s.checkUsers(ctx, who, l)
	return err
}

func (s *Service) checkUsers(ctx context.Context, who mfa.Session, l *UserList) (Acting, error) {
	var users []NewUser
	for _, r := range l.Rows {
		if r.read == nil {
			users = append(users, r.user())
		}
	}
	acting, err := s.mayAdd(ctx, who, users...)
	if err != nil {
		return Acting{}, err
	}
	taken, err := s.names(ctx)
	if err != nil {
		return Acting{}, err
	}
	first := make(map[string]int, len(l.Rows))
	for i := range l.Rows {
		r := &l.Rows[i]
		name := mfa.FoldName(r.Name)
		if r.Problem = r.read; r.Problem == nil {
			r.Problem = judgeRow(*r, taken[name], first[name], acting.Account.Settings.Passwords)
		}
		// Which of two is meant nobody can say, so a row that is bad counts, too.
		if first[name] == 0 {
			first[name] = r.Line
		}
	}
	return acting, nil
}

func judgeRow(r UserRow, taken bool, first int, rules mfa.PasswordRules) *mfa.Failure {
	switch {
	case taken:
		return mfa.Fail(mfa.CodeNameTaken, "name", r.Name)
	case first > 0:
		return mfa.Fail(mfa.CodeNameTaken, "name", r.Name, "line", fmt.Sprint(first))
	case r.Password != nil:
		return mfa.AsFailure(rules.Check(r.Password))
	}
	return nil
}

// AddUsers adds the users of a list, all or none in one transaction, and says how
// many. Rows that have a problem now stop it, import-problems (params: count), unless
// onlyGood is set: then the others are added. Where there are none, import-problems has
// good=none, too. Hashing the passwords is what takes the
// time; report may be nil, and cancelling the context leaves everything as it was.
// user-limit (params: max), name-taken, or as May fails.
func (s *Service) AddUsers(ctx context.Context, who mfa.Session, l *UserList, onlyGood bool, report func(done, total int)) (int, error) {
	acting, err := s.checkUsers(ctx, who, l)
	if err != nil {
		return 0, err
	}
	bad, total := l.Bad(), l.Good()
	switch {
	case total == 0:
		return 0, mfa.Fail(mfa.CodeImportProblems, "count", fmt.Sprint(bad), "good", "none")
	case bad > 0 && !onlyGood:
		return 0, mfa.Fail(mfa.CodeImportProblems, "count", fmt.Sprint(bad))
	}
	users := make([]added, 0, total)
	for _, r := range l.Rows {
		if r.Problem != nil {
			continue
		}
		if err := ctx.Err(); err != nil {
			return 0, mfa.AsFailure(err)
		}
		p, err := s.principal(ctx, r.user())
		if err != nil {
			return 0, err
		}
		users = append(users, added{p, r.Administrator})
		if report != nil {
			report(len(users), total)
		}
	}
	if err := s.add(ctx, acting, users); err != nil {
		return 0, err
	}
	return total, nil
}
