package main

import (
	"slices"
	"strings"

	"github.com/keyferry/keyferry/backend/mfa"
)

// kinds are the events there are. A kind that is missing here could not be asked for.
var kinds = []mfa.EventKind{
	mfa.EventAccountCreated, mfa.EventSignInPassword, mfa.EventSignInMFA, mfa.EventSignInRefused, mfa.EventSignInRecovery,
	mfa.EventGuessesForgot, mfa.EventSignedOut, mfa.EventDeviceAdded, mfa.EventDeviceRenamed, mfa.EventDeviceRemoved,
	mfa.EventDeviceSuspect, mfa.EventEnrolmentFailed, mfa.EventPhoneLinked, mfa.EventPhoneUnlinked, mfa.EventUserCreated,
	mfa.EventUserChanged, mfa.EventUserRemoved, mfa.EventPasswordSet, mfa.EventPasswordChanged, mfa.EventPolicyAttached,
	mfa.EventPolicyDetached, mfa.EventGroupChanged, mfa.EventSettingsChanged, mfa.EventVirtualCreated,
	mfa.EventVirtualSwept, mfa.EventDeviceDeactivated, mfa.EventDeviceDeleted, mfa.EventDeviceResynced,
	mfa.EventResyncFailed, mfa.EventTokensImported, mfa.EventRecoveryMade, mfa.EventSessionExpired, mfa.EventVaultChanged,
	mfa.EventBackupMade, mfa.EventBackupRestored, mfa.EventReportMade, mfa.EventActivityExported,
	mfa.EventPolicyCreated, mfa.EventPolicyChanged, mfa.EventPolicyDeleted, mfa.EventMetadataImported,
}

// kindsOf reads kinds with commas between. One that does not exist would find nothing
// and look as if nothing had happened.
func kindsOf(text string) ([]mfa.EventKind, error) {
	var list []mfa.EventKind
	for word := range strings.SplitSeq(text, ",") {
		kind := mfa.EventKind(strings.TrimSpace(word))
		if kind == "" {
			continue
		}
		if !slices.Contains(kinds, kind) {
			return nil, usage("there is no kind of event %q; there are: %s", kind, joined(kinds))
		}
		list = append(list, kind)
	}
	return list, nil
}
