package desk

import (
	"context"
	"slices"

	"github.com/keyferry/keyferry/backend/account"
	"github.com/keyferry/keyferry/backend/activity"
	"github.com/keyferry/keyferry/backend/admission"
	"github.com/keyferry/keyferry/backend/archive"
	"github.com/keyferry/keyferry/backend/ceremony"
	"github.com/keyferry/keyferry/backend/devices"
	"github.com/keyferry/keyferry/backend/keys"
	"github.com/keyferry/keyferry/backend/metadata"
	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/phonesim"
	"github.com/keyferry/keyferry/backend/policies"
	"github.com/keyferry/keyferry/backend/readiness"
	"github.com/keyferry/keyferry/backend/recovery"
	"github.com/keyferry/keyferry/backend/report"
	"github.com/keyferry/keyferry/backend/simkey"
	"github.com/keyferry/keyferry/backend/stock"
	"github.com/keyferry/keyferry/backend/vault"
)

// House is one opened account with everything that serves it. Each use case asks
// account.May by itself, so whoever has a House and a session may call all of them.
type House struct {
	Sandbox    bool
	Store      mfa.Store
	Vault      *vault.Vault
	Accounts   *account.Service
	Ceremonies *ceremony.Service
	Devices    *devices.Service
	Recovery   *recovery.Service
	Stock      *stock.Service
	Report     *report.Service
	Activity   *activity.Service
	Archive    *archive.Service
	Metadata   *metadata.Service
	Admission  *admission.Service
	Policies   *policies.Service
	Keys       *keys.Service
	Readiness  *readiness.Checker
	Phone      *phonesim.Phone // in the sandbox only
	SimKey     *simkey.Key     // in the sandbox only
	Shut       func() error    // ends all of the above
}

// Road is the road by which a way is gone here: on Windows the system alone may speak to
// keys, and on macOS it alone keeps passkeys of the computer.
func (h *House) Road(wanted mfa.Road) mfa.Road {
	roads := h.Ceremonies.Roads
	switch {
	case roads.System == nil:
	case wanted == mfa.RoadKey && roads.Keys == nil, wanted == mfa.RoadComputer && roads.Computer == nil && roads.Keeps:
		return mfa.RoadSystem
	}
	return wanted
}

// Meets reports that a passkey may be met by a way here. One that the system keeps says
// that it is also on phones, which the system hands it on to.
func (h *House) Meets(c mfa.Credential, wanted mfa.Road) bool {
	if road := h.Road(wanted); wanted == mfa.RoadComputer && road == mfa.RoadSystem {
		return slices.Contains(c.Transports, "internal") && c.ReachedBy(road)
	}
	return c.ReachedBy(wanted)
}

// meeting gives the ways by which one of the devices may be met.
func (h *House) meeting(devices []mfa.Device) (ways []mfa.Road) {
	for _, road := range []mfa.Road{mfa.RoadPhone, mfa.RoadKey, mfa.RoadComputer} {
		if slices.ContainsFunc(devices, func(d mfa.Device) bool { return d.Passkey != nil && h.Meets(*d.Passkey, road) }) {
			ways = append(ways, road)
		}
	}
	return ways
}

// Simulated is told what the sandbox's own devices show.
type Simulated struct {
	Phone func(phonesim.State)
	Key   func(simkey.State)
}

// Doors opens houses. Open may fail with the storage codes.
type Doors interface {
	Open(ctx context.Context, sandbox bool, told Simulated) (*House, error)
	HasSandbox() bool
	Backups(sandbox bool) []string
	// Rehearse opens a backup without touching anything, and says what is in it.
	Rehearse(ctx context.Context, path string, passphrase *mfa.Secret) (archive.Summary, error)
	// Restore puts a backup in the place of the account, whose house is shut. It gives
	// the data key, which the caller wipes.
	Restore(ctx context.Context, sandbox bool, r Restoring) (archive.Summary, *mfa.Secret, error)
}

// Restoring says which backup takes whose place.
type Restoring struct {
	Path         string
	Passphrase   *mfa.Secret
	AccountID    string // of what is there; empty: there is nothing that can be read
	ReplaceOther bool   // also when the backup is of another account
}
