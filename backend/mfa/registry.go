package mfa

import (
	"maps"
	"slices"
)

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

	// Bluetooth
	CodeRadioMissing     Code = "bluetooth-missing"
	CodeRadioOff         Code = "bluetooth-off"
	CodeRadioDenied      Code = "bluetooth-denied"
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

	// Storage
	CodeDatabaseNewer   Code = "database-newer" // params: found, known
	CodeDatabaseDamaged Code = "database-damaged"
	CodeDatabaseForeign Code = "database-foreign"
	CodeDiskFull        Code = "disk-full"
	CodeStorageFailed   Code = "storage-failed"
	CodeStorageDenied   Code = "storage-denied"
	CodeAlreadyRunning  Code = "already-running"
)

type entry struct {
	Category Category
	Next     Action
}

// registry is the one table of failures. A test holds the UI's words against it.
var registry = map[Code]entry{
	CodeCancelled:    {CategoryCancelled, ActionRetry},
	CodeTimedOut:     {CategoryEnvironment, ActionRetry},
	CodeInternal:     {CategoryInternal, ActionReport},
	CodeInvalidInput: {CategoryInput, ActionChange},
	CodeNotFound:     {CategoryInput, ActionReload},
	CodeConflict:     {CategoryConflict, ActionReload},
	CodeAccessDenied: {CategoryDenied, ActionContactOrigin},
	CodeNotSignedIn:  {CategoryDenied, ActionSignIn},
	CodeMFANeeded:    {CategoryDenied, ActionSignIn},
	CodeBusy:         {CategoryConflict, ActionWait},

	CodeAccountExists:   {CategoryConflict, ActionSignIn},
	CodeNoAccount:       {CategoryInput, ActionChange},
	CodeAliasInvalid:    {CategoryInput, ActionChange},
	CodeEmailInvalid:    {CategoryInput, ActionChange},
	CodeNameInvalid:     {CategoryInput, ActionChange},
	CodeNameTaken:       {CategoryConflict, ActionChange},
	CodePasswordInvalid: {CategoryInput, ActionChange},
	CodePasswordShort:   {CategoryInput, ActionChange},
	CodeRPIDInvalid:     {CategoryInput, ActionChange},
	CodeRPIDFrozen:      {CategoryConflict, ActionNone},
	CodeDeviceLimit:     {CategoryConflict, ActionRemoveDevice},
	CodeSignInRefused:   {CategoryDenied, ActionChange},
	CodeSignInDelayed:   {CategoryDenied, ActionWait},

	CodeRadioMissing:     {CategoryEnvironment, ActionAnotherWay},
	CodeRadioOff:         {CategoryEnvironment, ActionTurnOnRadio},
	CodeRadioDenied:      {CategoryEnvironment, ActionAllowRadio},
	CodeRadioNoService:   {CategoryEnvironment, ActionAnotherWay},
	CodeRadioUnsupported: {CategoryEnvironment, ActionAnotherWay},
	CodeRadioFailed:      {CategoryEnvironment, ActionRetry},

	CodeCodeExpired:       {CategoryDevice, ActionNewCode},
	CodePhoneNotNear:      {CategoryDevice, ActionRetry},
	CodeTunnelUnreachable: {CategoryEnvironment, ActionCheckNetwork},
	CodeTunnelRefused:     {CategoryDevice, ActionNewCode},
	CodeTunnelProtocol:    {CategoryEnvironment, ActionCheckNetwork},
	CodeTunnelUntrusted:   {CategorySecurity, ActionCheckNetwork},
	CodeTunnelLost:        {CategoryDevice, ActionNewCode},
	CodeTunnelUnknown:     {CategoryDevice, ActionAnotherWay},
	CodeLinkGone:          {CategoryDevice, ActionForgetLink},
	CodeHandshakeFailed:   {CategorySecurity, ActionNewCode},
	CodePhoneSilent:       {CategoryDevice, ActionNewCode},
	CodePhoneProtocol:     {CategoryDevice, ActionNewCode},
	CodePhoneTooOld:       {CategoryDevice, ActionUpdatePhone},
	CodePhoneNoPasskeys:   {CategoryDevice, ActionAnotherWay},
	CodePhoneHungUp:       {CategoryDevice, ActionAnotherWay},
	CodeComputerSilent:    {CategoryDevice, ActionNewCode},
	CodeComputerProtocol:  {CategoryDevice, ActionNewCode},
	CodeComputerHungUp:    {CategoryDevice, ActionNewCode},

	CodeDeclined:              {CategoryDevice, ActionRetry},
	CodeAlreadyRegistered:     {CategoryConflict, ActionUseOtherDevice},
	CodeNoCredential:          {CategoryDevice, ActionUseOtherDevice},
	CodeAuthenticatorTimeout:  {CategoryDevice, ActionRetry},
	CodeUnsupportedAlgorithm:  {CategoryDevice, ActionUseOtherDevice},
	CodeUnsupportedOption:     {CategoryDevice, ActionUseOtherDevice},
	CodeAuthenticatorFull:     {CategoryDevice, ActionUseOtherDevice},
	CodeUVFailed:              {CategoryDevice, ActionRetry},
	CodeAuthenticatorStatus:   {CategoryDevice, ActionRetry},
	CodeAuthenticatorProtocol: {CategoryDevice, ActionUseOtherDevice},

	CodeResponseTooLarge:     {CategorySecurity, ActionUseOtherDevice},
	CodeResponseMalformed:    {CategorySecurity, ActionUseOtherDevice},
	CodeChallengeUnknown:     {CategorySecurity, ActionRetry},
	CodeChallengeExpired:     {CategoryDevice, ActionRetry},
	CodeTypeMismatch:         {CategorySecurity, ActionRetry},
	CodeChallengeMismatch:    {CategorySecurity, ActionRetry},
	CodeOriginMismatch:       {CategorySecurity, ActionRetry},
	CodeCrossOrigin:          {CategorySecurity, ActionRetry},
	CodeRPIDMismatch:         {CategorySecurity, ActionRetry},
	CodeUserPresenceMissing:  {CategoryDevice, ActionRetry},
	CodeUserVerifyMissing:    {CategoryDevice, ActionRetry},
	CodeBackupFlags:          {CategorySecurity, ActionUseOtherDevice},
	CodeKeyUnusable:          {CategorySecurity, ActionUseOtherDevice},
	CodeAlgorithmNotOffered:  {CategorySecurity, ActionUseOtherDevice},
	CodeAttestationFormat:    {CategorySecurity, ActionUseOtherDevice},
	CodeAttestationInvalid:   {CategorySecurity, ActionUseOtherDevice},
	CodeCredentialRegistered: {CategoryConflict, ActionUseOtherDevice},
	CodeCredentialUnknown:    {CategoryDenied, ActionUseOtherDevice},
	CodeUserHandleMismatch:   {CategorySecurity, ActionUseOtherDevice},
	CodeSignatureInvalid:     {CategorySecurity, ActionRetry},
	CodeCounterRegressed:     {CategorySecurity, ActionUseOtherDevice},
	CodeDevicesSuspect:       {CategoryDenied, ActionContactOrigin},
	CodeNotDiscoverable:      {CategoryDevice, ActionUseOtherDevice},

	CodePictureUnreadable: {CategoryInput, ActionChoosePicture},
	CodePictureNoCode:     {CategoryInput, ActionChoosePicture},
	CodeNotPhoneCode:      {CategoryInput, ActionChoosePicture},
	CodeCodeDamaged:       {CategoryInput, ActionNewCode},

	CodeCodeFormat:   {CategoryInput, ActionChange},
	CodeCodeWrong:    {CategoryDenied, ActionChange},
	CodeCodeUsed:     {CategoryDenied, ActionWait},
	CodeCodesEqual:   {CategoryInput, ActionWait},
	CodeCodesSwapped: {CategoryInput, ActionChange},
	CodeCodesGap:     {CategoryInput, ActionWait},
	CodeCodeClock:    {CategoryEnvironment, ActionRetry},

	CodeSeedInvalid:        {CategoryInput, ActionChange},
	CodeOTPAuthInvalid:     {CategoryInput, ActionChange},
	CodeTokenUnsupported:   {CategoryDevice, ActionUseOtherDevice},
	CodeTokenCounterBased:  {CategoryDevice, ActionUseOtherDevice},
	CodeTokenNoClock:       {CategoryDevice, ActionUseOtherDevice},
	CodeTokenDuplicate:     {CategoryConflict, ActionChange},
	CodeSeedFileUnknown:    {CategoryInput, ActionChange},
	CodeSeedFileTooLarge:   {CategoryInput, ActionChange},
	CodeSeedFileEncoding:   {CategoryInput, ActionChange},
	CodeSeedFileUnsafe:     {CategorySecurity, ActionChange},
	CodeSeedFileDamaged:    {CategoryInput, ActionChange},
	CodeSeedFileRow:        {CategoryInput, ActionChange},
	CodeSeedFileEncryption: {CategoryInput, ActionChange},
	CodeSeedFileMAC:        {CategorySecurity, ActionChange},
	CodeSeedKeyNeeded:      {CategoryInput, ActionChange},
	CodeSeedPasswordNeeded: {CategoryInput, ActionChange},
	CodeSeedPasswordWrong:  {CategoryDenied, ActionChange},

	CodeDatabaseNewer:   {CategoryStorage, ActionUpdateApp},
	CodeDatabaseDamaged: {CategoryStorage, ActionRestoreBackup},
	CodeDatabaseForeign: {CategoryStorage, ActionRestoreBackup},
	CodeDiskFull:        {CategoryStorage, ActionFreeDisk},
	CodeStorageFailed:   {CategoryStorage, ActionRetry},
	CodeStorageDenied:   {CategoryStorage, ActionChange},
	CodeAlreadyRunning:  {CategoryConflict, ActionCloseOther},
}

// Codes lists every code in order, for the tests that hold the UI's words and
// the documents against the registry.
func Codes() []Code { return slices.Sorted(maps.Keys(registry)) }
