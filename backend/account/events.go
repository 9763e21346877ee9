package account

import "github.com/keyferry/keyferry/backend/mfa"

// did makes the event of something the caller does: PrincipalID is who did it. Whom it
// was done to stands in the detail, as user and user_id, when that is somebody else;
// by name too, because the user may be gone when it is read. Details are key, value,
// key, value.
func (s *Service) did(a Acting, kind mfa.EventKind, details ...string) mfa.Event {
	e := mfa.Event{At: s.clock(), Kind: kind, PrincipalID: a.Caller.ID, Detail: map[string]string{}}
	for i := 0; i+1 < len(details); i += 2 {
		e.Detail[details[i]] = details[i+1]
	}
	if a.Target.ID != a.Caller.ID {
		e.Detail["user"], e.Detail["user_id"] = a.Target.Label(), a.Target.ID
	}
	return e
}

// Did is the event of something that a caller does to devices, in the form that all
// use cases here write: PrincipalID is who did it, user and user_id say to whom.
func (s *Service) Did(a Acting, kind mfa.EventKind, deviceID string, details ...string) mfa.Event {
	e := s.did(a, kind, details...)
	e.DeviceID = deviceID
	return e
}
