package walk

import (
	"fmt"
	"slices"
)

// Event is a line of the audit trail as keyferryctl prints it.
type Event struct {
	Kind   string            `json:"kind"`
	Device string            `json:"device_id"`
	Detail map[string]string `json:"detail"`
}

// Kinds lists the kinds of events, in order.
func Kinds(trail []Event) []string {
	kinds := make([]string, 0, len(trail))
	for _, e := range trail {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// SignedIn fails unless the trail shows that a device was added and that the
// same device proved a sign-in after that.
func SignedIn(trail []Event) error {
	added := slices.IndexFunc(trail, func(e Event) bool { return e.Kind == "device-added" && e.Device != "" })
	if added < 0 {
		return fmt.Errorf("no device was added: %v", Kinds(trail))
	}
	proved := func(e Event) bool { return e.Kind == "signed-in-mfa" && e.Device == trail[added].Device }
	if !slices.ContainsFunc(trail[added:], proved) {
		return fmt.Errorf("no sign-in was proved by the device: %v", Kinds(trail))
	}
	return nil
}
