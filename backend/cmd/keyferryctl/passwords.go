package main

import (
	"context"
	"flag"
)

var passwordChange = changing("password change", "[--new-password-file F]", "change one's own password; the current one signs in", func(fs *flag.FlagSet) action {
	given := newSecret(fs, "new-password", "the new password")
	return func(ctx context.Context, s *seat) error {
		password, err := given.get(ctx, s.t, "New password", true)
		if err != nil {
			return err
		}
		defer password.Wipe()
		if s.who.typed == nil {
			return usage("password change signs in with the current password, not with --passkey")
		}
		if err := s.Accounts.ChangePassword(ctx, s.session, s.who.typed, password); err != nil {
			return err
		}
		s.t.result(map[string]bool{"changed": true})
		s.t.say("The password was changed.")
		return nil
	}
})

var recoveryMake = changing("recovery make", "[--yes]", "make ten recovery codes for root, shown once; old ones stop working", func(fs *flag.FlagSet) action {
	yes := yesFlag(fs)
	return func(ctx context.Context, s *seat) error {
		left, err := s.Recovery.Left(ctx, s.session.PrincipalID)
		if err != nil {
			return err
		}
		if left > 0 {
			if err := s.sure(ctx, *yes, "Make new recovery codes? The "+plural(left, "old one")+" will not work any more."); err != nil {
				return err
			}
		}
		codes, err := s.Recovery.Make(ctx, s.session)
		if err != nil {
			return err
		}
		list := make([]string, len(codes))
		for i, c := range codes {
			list[i] = string(c.Bytes())
			c.Wipe()
			s.t.say("%s", list[i])
		}
		s.t.result(map[string]any{"recovery_codes": list})
		s.t.say("Each works once, for root, in the place of a device. Print them and keep them apart from the devices. They are Keyferry's own; AWS has nothing like them.")
		return nil
	}
})
