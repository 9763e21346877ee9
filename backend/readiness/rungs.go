package readiness

// The rungs, with their params. All of a rung's params are short, and from outside where
// it says so. A rung that is unknown has why (one of Why...); one that failed, or that
// warns of a failure, has the Failure's own params in the Failure.
const (
	// The phone
	RungRadioService    = "radio-service"    // the system has Bluetooth, and its service answers
	RungRadioPermission = "radio-permission" // this person may use it
	RungRadioAdapter    = "radio-adapter"    // params: name (of the adapter, from outside; may be that of the computer)
	RungRadioPower      = "radio-power"
	RungHostName        = "host-name"    // params: host; its name is found
	RungHostConnect     = "host-connect" // params: host; via=proxy: only the proxy was asked

	// Security keys
	RungUSBAccess     = "usb-access"     // programs may talk to keys here
	RungUSBKeys       = "usb-keys"       // params: count; a warning when none is plugged in
	RungUSBPermission = "usb-permission" // params: count, denied; why=no-rule: nothing lets people open keys
	RungCardService   = "card-service"
	RungCardAccess    = "card-permission"
	RungCardReader    = "card-reader"
	RungCardPresent   = "card-present" // params: count; a warning when none lies there

	// This computer
	RungTPMDevice     = "tpm-device"
	RungTPMPermission = "tpm-permission"
	RungTPMLockout    = "tpm-lockout"   // params: kind=open (KindOpen)
	RungTPMPasskeys   = "tpm-passkeys"  // params: count; only when an account is open
	RungPlatform      = "platform"      // params: system; the system's own passkeys
	RungWindowsHello  = "windows-hello" // the way computer: never offered; the others: warns when Windows may ask for Hello first

	// More than one way
	RungWindowsAPI = "windows-api" // params: have (version of webauthn.dll's API), route (system or own)
	RungClock      = "clock"       // params: computer, least (times in UTC); why=unsynchronised
	RungVault      = "vault"       // the secrets of the codes are open; only when an account is
	RungPackage    = "package"     // params: kind; the app runs in a sandbox that hides devices
	RungRemote     = "remote"      // params: kind; the person sits elsewhere
	RungVirtual    = "virtual"     // params: kind; the devices are those that the host hands on
)

// Rungs lists the IDs, for those who keep words for them.
func Rungs() []string {
	return []string{RungRadioService, RungRadioPermission, RungRadioAdapter, RungRadioPower, RungHostName, RungHostConnect,
		RungUSBAccess, RungUSBKeys, RungUSBPermission, RungCardService, RungCardAccess, RungCardReader, RungCardPresent,
		RungTPMDevice, RungTPMPermission, RungTPMLockout, RungTPMPasskeys, RungPlatform, RungWindowsHello,
		RungWindowsAPI, RungClock, RungVault, RungPackage, RungRemote, RungVirtual}
}

// Why a rung is unknown, or warns.
const (
	WhySilent         = "silent"         // no answer in time
	WhyNotAsked       = "not-asked"      // the network was not to be used
	WhyNotBuilt       = "not-built"      // this build has nothing to ask with on this system
	WhySystem         = "system"         // only the system's own window knows
	WhyNoRule         = "no-rule"        // usb-permission
	WhyUnsynchronised = "unsynchronised" // clock
)

// KindOpen of tpm-lockout: whoever may speak to the TPM can start its count over.
const KindOpen = "open"

// What Fact.Name can be.
const (
	FactSystem   = "system" // name and version
	FactKernel   = "kernel"
	FactArch     = "architecture"
	FactSession  = "session" // wayland, x11, tty
	FactDesktop  = "desktop"
	FactRemote   = "remote"  // ssh, rdp, ...; "no"
	FactVirtual  = "virtual" // kvm, vmware, container, ...; "no"
	FactPackage  = "package" // flatpak, snap, appimage; "no"
	FactClock    = "clock"   // synchronised, unsynchronised, unknown
	FactKeyRules = "key-rules"
	FactPortal   = "passkey-service" // direct, portal: credentialsd is in this session
)
