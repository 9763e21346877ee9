package mfa

// The codes. A code never changes its meaning; scripts and the UI hold on to it.
const (
	// General
	CodeCancelled    Code = "cancelled"
	CodeTimedOut     Code = "timed-out"
	CodeInternal     Code = "internal"
	CodeInvalidInput Code = "invalid-input" // params: field
	CodeNotFound     Code = "not-found"     // params: what
	CodeConflict     Code = "concurrent-modification"
	CodeAccessDenied Code = "access-denied"
	CodeNotSignedIn  Code = "not-signed-in"
	CodeMFANeeded    Code = "mfa-required"
	CodeBusy         Code = "ceremony-running" // one ceremony at a time

	// Account and names
	CodeAccountExists   Code = "account-exists"
	CodeNoAccount       Code = "no-account"
	CodeAliasInvalid    Code = "alias-invalid"
	CodeEmailInvalid    Code = "email-invalid"
	CodeNameInvalid     Code = "name-invalid" // params: max
	CodeNameTaken       Code = "name-taken"   // params: name
	CodePasswordInvalid Code = "password-invalid"
	CodePasswordShort   Code = "password-too-short" // params: min
	CodeRPIDInvalid     Code = "rp-id-invalid"
	CodeRPIDFrozen      Code = "rp-id-frozen"
	CodeDeviceLimit     Code = "device-limit" // params: max
	CodeSignInRefused   Code = "sign-in-refused"
	CodeSignInDelayed   Code = "sign-in-delayed" // params: seconds

	// Users, sessions and what they may do
	CodePathInvalid     Code = "path-invalid"
	CodeSerialInvalid   Code = "serial-invalid"  // params: min, max
	CodeSerialTaken     Code = "serial-taken"    // params: serial
	CodeDeviceAssigned  Code = "device-assigned" // it belongs to somebody already
	CodeDeleteConflict  Code = "delete-conflict" // params: what stands in the way
	CodePasswordPolicy  Code = "password-policy" // params: needs, min
	CodePasswordWrong   Code = "password-wrong"  // the present one, when it is to be changed
	CodePasswordSame    Code = "password-same"
	CodeSetUpNeeded     Code = "device-setup-needed" // the session may add a device and nothing else
	CodeChangeNeeded    Code = "password-change-needed"
	CodePasswordlessOff Code = "passwordless-off"
	CodeUserLimit       Code = "user-limit"      // params: max
	CodeUserFile        Code = "user-file"       // params: line, why (large, encoding, long-line, quotes, heading); it is no list of users
	CodeUserFileRow     Code = "user-file-row"   // params: line, field
	CodeImportProblems  Code = "import-problems" // params: count; the rest may be imported when the person says so
	CodeImportGone      Code = "import-gone"     // the preview was closed or is too old

	// The vault, recovery and backups
	CodeVaultLocked       Code = "vault-locked"
	CodeVaultPassphrase   Code = "vault-passphrase-wrong"
	CodeVaultNoStore      Code = "secret-store-missing"
	CodeVaultStoreLocked  Code = "secret-store-locked"
	CodeVaultStoreChanged Code = "secret-store-changed" // it no longer holds this account's key
	CodeVaultDamaged      Code = "vault-damaged"
	CodeVaultLastWay      Code = "vault-last-way"       // to the data key: it cannot be removed
	CodePassphraseShort   Code = "passphrase-too-short" // params: min
	CodeRecoveryFile      Code = "recovery-file-invalid"
	CodeRecoveryCodeWrong Code = "recovery-code-wrong"
	CodeRecoveryCodeUsed  Code = "recovery-code-used"
	CodeBackupUnreadable  Code = "backup-unreadable"
	CodeBackupPassphrase  Code = "backup-passphrase-wrong"
	CodeBackupDamaged     Code = "backup-damaged"
	CodeBackupNewer       Code = "backup-newer"
	CodeBackupOther       Code = "backup-other-account" // params: alias, id
	CodeFileExists        Code = "file-exists"
	CodeFileUnreadable    Code = "file-unreadable"
	CodeChainBroken       Code = "chain-broken"        // params: seq
	CodeCheckpoint        Code = "checkpoint-mismatch" // params: seq

	// Bluetooth
	CodeRadioMissing     Code = "bluetooth-missing"
	CodeRadioOff         Code = "bluetooth-off"
	CodeRadioDenied      Code = "bluetooth-denied" // params: why (macos), where it matters
	CodeRadioNoService   Code = "bluetooth-service-missing"
	CodeRadioUnsupported Code = "bluetooth-unsupported" // params: system
	CodeRadioFailed      Code = "bluetooth-failed"

	// The way to the phone
	CodeCodeExpired       Code = "code-expired" // nobody scanned, or the phone was not near
	CodePhoneNotNear      Code = "phone-not-near"
	CodeTunnelUnreachable Code = "tunnel-unreachable" // params: host
	CodeTunnelRefused     Code = "tunnel-refused"     // params: host, status
	CodeTunnelProtocol    Code = "tunnel-protocol"    // params: host
	CodeTunnelUntrusted   Code = "tunnel-untrusted"   // params: host; its certificate did not pass
	CodeTunnelLost        Code = "tunnel-lost"
	CodeTunnelUnknown     Code = "tunnel-unknown" // params: id
	CodeLinkGone          Code = "link-gone"
	CodeHandshakeFailed   Code = "handshake-failed"
	CodePhoneSilent       Code = "phone-silent"
	CodePhoneProtocol     Code = "phone-protocol"
	CodePhoneTooOld       Code = "phone-too-old"
	CodePhoneNoPasskeys   Code = "phone-no-passkeys"
	CodePhoneHungUp       Code = "phone-hung-up"
	// The same way seen from the (simulated) phone
	CodeComputerSilent   Code = "computer-silent"
	CodeComputerProtocol Code = "computer-protocol"
	CodeComputerHungUp   Code = "computer-hung-up"

	// What the authenticator answered (CTAP status)
	CodeDeclined              Code = "declined"
	CodeAlreadyRegistered     Code = "already-registered"
	CodeNoCredential          Code = "no-credential"
	CodeAuthenticatorTimeout  Code = "authenticator-timeout"
	CodeUnsupportedAlgorithm  Code = "unsupported-algorithm"
	CodeUnsupportedOption     Code = "unsupported-option"
	CodeAuthenticatorFull     Code = "authenticator-full"
	CodeUVFailed              Code = "user-verification-failed"
	CodeAuthenticatorStatus   Code = "authenticator-status" // params: status
	CodeAuthenticatorProtocol Code = "authenticator-protocol"

	// Security keys, readers and this computer
	CodeKeyMissing      Code = "key-missing"     // none was plugged in, in time
	CodeKeyPermission   Code = "key-permission"  // params: node; vendor, product, where a udev rule helps; why (macos); this user may not open it
	CodeKeyBusy         Code = "key-busy"        // another program talks to it
	CodeKeyLost         Code = "key-lost"        // pulled out, or taken off the reader
	CodeKeySilent       Code = "key-silent"      // it does not answer any more
	CodeKeyProtocol     Code = "key-protocol"    // params: what; it broke the rules of its protocol
	CodeKeyUnsupported  Code = "key-unsupported" // params: system; keys cannot be reached this way here
	CodeKeyFailed       Code = "key-failed"
	CodeKeyCannot       Code = "key-cannot"     // params: what; the key lacks what is needed (pin, passkeys, management)
	CodeKeyResetLate    Code = "key-reset-late" // only within ten seconds after it was plugged in
	CodeReaderMissing   Code = "reader-missing"
	CodeReaderNoService Code = "reader-service-missing"
	CodeReaderDenied    Code = "reader-denied"
	CodePINWrong        Code = "pin-wrong"   // params: left
	CodePINLocked       Code = "pin-locked"  // until the key is unplugged
	CodePINBlocked      Code = "pin-blocked" // for good: only a reset helps
	CodePINNotSet       Code = "pin-not-set"
	CodePINSet          Code = "pin-set"        // it has one already
	CodePINLength       Code = "pin-length"     // params: min, max
	CodePINRefused      Code = "pin-refused"    // the device has rules of its own about PINs
	CodePINNeeded       Code = "pin-needed"     // and nobody can be asked for it
	CodeAccountNeeded   Code = "account-needed" // there are several, and nobody can be asked which
	CodePINChangeNeeded Code = "pin-change-needed"
	CodeUVBlocked       Code = "user-verification-blocked" // fingerprint or face failed too often; the PIN helps
	CodeTPMMissing      Code = "tpm-missing"
	CodeTPMDenied       Code = "tpm-denied"       // params: node
	CodeTPMLockout      Code = "tpm-lockout"      // params: seconds, 0 when unknown
	CodeTPMFailed       Code = "tpm-failed"       // params: why (gone, silent, answer, no-guard, broken, old), code (the TPM's own); either can lack
	CodeTPMForeign      Code = "tpm-foreign"      // the key was made in another TPM, or this one was cleared
	CodePlatformMissing Code = "platform-missing" // params: system; why (not-built, not-associated, no-window, not-set-up), on macOS; it offers no passkeys
	CodePlatformTooOld  Code = "platform-too-old" // params: have, need
	CodePlatformFailed  Code = "platform-failed"  // params: code

	// The relying party's checks
	CodeResponseTooLarge     Code = "response-too-large" // params: limit
	CodeResponseMalformed    Code = "response-malformed" // params: part
	CodeChallengeUnknown     Code = "challenge-unknown"  // never issued, used already, or for another ceremony
	CodeChallengeExpired     Code = "challenge-expired"
	CodeTypeMismatch         Code = "client-data-type"
	CodeChallengeMismatch    Code = "challenge-mismatch"
	CodeOriginMismatch       Code = "origin-mismatch"
	CodeCrossOrigin          Code = "cross-origin"
	CodeRPIDMismatch         Code = "rp-id-mismatch"
	CodeUserPresenceMissing  Code = "user-presence-missing"
	CodeUserVerifyMissing    Code = "user-verification-missing"
	CodeBackupFlags          Code = "backup-flags"
	CodeKeyUnusable          Code = "key-unusable" // params: why
	CodeAlgorithmNotOffered  Code = "algorithm-not-offered"
	CodeAttestationFormat    Code = "attestation-format" // params: format
	CodeAttestationInvalid   Code = "attestation-invalid"
	CodeCredentialRegistered Code = "credential-registered"
	CodeCredentialUnknown    Code = "credential-unknown"
	CodeUserHandleMismatch   Code = "user-handle-mismatch"
	CodeSignatureInvalid     Code = "signature-invalid"
	CodeCounterRegressed     Code = "counter-regressed" // params: device
	CodeDevicesSuspect       Code = "devices-suspect"   // all of the person's
	CodeNotDiscoverable      Code = "not-discoverable"
	CodeNotAlone             Code = "passkey-not-alone" // it was made without user verification, so it is a second factor only
	CodeComputerShared       Code = "computer-shared"   // its one PIN opens passkeys of several people

	// Codes in pictures
	CodePictureUnreadable Code = "picture-unreadable"
	CodePictureNoCode     Code = "picture-no-code"
	CodeNotPhoneCode      Code = "not-a-phone-code"
	CodeCodeDamaged       Code = "phone-code-damaged"

	// Codes of authenticator apps and hardware tokens
	CodeCodeFormat   Code = "code-format" // params: digits
	CodeCodeWrong    Code = "code-wrong"
	CodeCodeUsed     Code = "code-used"
	CodeCodesEqual   Code = "codes-equal"
	CodeCodesSwapped Code = "codes-swapped"
	CodeCodesGap     Code = "codes-gap"  // params: missing
	CodeCodeClock    Code = "code-clock" // params: codes, computer (times in UTC), offset

	// Seeds, tokens and seed files
	CodeSeedInvalid        Code = "seed-invalid"
	CodeOTPAuthInvalid     Code = "otpauth-invalid"   // params: part
	CodeTokenUnsupported   Code = "token-unsupported" // params: what
	CodeTokenCounterBased  Code = "token-counter-based"
	CodeTokenNoClock       Code = "token-no-clock"
	CodeTokenDuplicate     Code = "token-duplicate" // params: serial, line (of the first one)
	CodeSeedDuplicate      Code = "seed-duplicate"  // params: serial, line (of the first one)
	CodeSeedTaken          Code = "seed-taken"      // params: serial (of the device that has it)
	CodeSeedFileUnknown    Code = "seed-file-unknown"
	CodeSeedFileTooLarge   Code = "seed-file-too-large" // params: limit
	CodeSeedFileEncoding   Code = "seed-file-encoding"
	CodeSeedFileUnsafe     Code = "seed-file-unsafe"     // a document type, so perhaps entities
	CodeSeedFileDamaged    Code = "seed-file-damaged"    // params: line
	CodeSeedFileRow        Code = "seed-file-row"        // params: line, field
	CodeSeedFileEncryption Code = "seed-file-encryption" // params: what
	CodeSeedFileMAC        Code = "seed-file-mac"        // params: line
	CodeSeedKeyNeeded      Code = "seed-key-needed"
	CodeSeedPasswordNeeded Code = "seed-password-needed"
	CodeSeedPasswordWrong  Code = "seed-password-wrong" // or the key

	// Metadata, certificates and policies
	CodeMetadataMissing   Code = "metadata-missing"       // nothing was imported yet
	CodeMetadataMalformed Code = "metadata-malformed"     // params: what, where
	CodeMetadataTooLarge  Code = "metadata-too-large"     // params: limit
	CodeMetadataAlgorithm Code = "metadata-algorithm"     // params: alg; none, x5u or another that is not taken
	CodeMetadataUntrusted Code = "metadata-untrusted"     // params: why (root, host, expired, order, revoked)
	CodeMetadataSignature Code = "metadata-signature"     // it was changed after it was signed
	CodeMetadataRollback  Code = "metadata-rollback"      // params: have, got
	CodeMetadataDownload  Code = "metadata-download"      // params: host
	CodeModelRefused      Code = "model-refused"          // params: model, status, date, blob; revoked, compromised or retired
	CodeHelloRefused      Code = "windows-hello"          // params: proof; a local Windows Hello credential
	CodeHelloUnproven     Code = "windows-hello-unproven" // params: proof; it cannot be ruled out, and the account wants that
	CodeNotAdmitted       Code = "device-not-admitted"    // params: step, decision, policy, statement, needs, fido, fips2, fips3, unproven, model, blob, reported, admitted
	CodePolicyMalformed   Code = "policy-malformed"       // params: what, where, line, column, wanted
	CodePolicyTooLarge    Code = "policy-too-large"       // params: limit
	CodePolicyLimit       Code = "policy-limit"           // params: max
	CodePolicyBuiltIn     Code = "policy-built-in"        // params: name; it never changes
	CodePolicyLockout     Code = "policy-lockout"         // nobody but root could manage the account any more

	// Storage
	CodeDatabaseNewer   Code = "database-newer" // params: found, known
	CodeDatabaseDamaged Code = "database-damaged"
	CodeDatabaseForeign Code = "database-foreign"
	CodeDiskFull        Code = "disk-full"
	CodeStorageFailed   Code = "storage-failed"
	CodeStorageDenied   Code = "storage-denied"
	CodeAlreadyRunning  Code = "already-running"
)
