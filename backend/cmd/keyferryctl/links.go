package main

import (
	"context"

	"github.com/keyferry/keyferry/backend/mfa"
)

type linkJSON struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	CreatedAt int64  `json:"created_at"`
}

var linksList = signed("links list", "", "list one's phones that can be woken without a code", plain(func(ctx context.Context, s *seat) error {
	links, err := s.Devices.Links(ctx, s.session)
	if err != nil {
		return err
	}
	list, table := make([]linkJSON, len(links)), newTable("ID", "PHONE", "LINKED")
	for i, l := range links {
		list[i] = linkJSON{ID: l.ID, Name: l.Name, CreatedAt: milliseconds(l.CreatedAt)}
		table.row(l.ID, l.Name, when(l.CreatedAt))
	}
	s.t.result(map[string]any{"links": list})
	s.t.say("%s", table)
	return nil
}))

var linksForget = changing("links forget", "ID", "forget a phone: it is not woken any more, and its passkey still works by a code", plain(func(ctx context.Context, s *seat) error {
	if err := s.Devices.ForgetLink(ctx, s.session, s.args[0]); mfa.IsCode(err, mfa.CodeNotFound) {
		return mfa.Fail(mfa.CodeNotFound, "what", "linked phone").Because(err)
	} else if err != nil {
		return err
	}
	s.t.result(map[string]string{"forgotten": s.args[0]})
	s.t.say("Forgot the phone.")
	return nil
}))
