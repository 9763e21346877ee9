package webauthnwin

// The versions of webauthn.dll's interface that matter here. They say what is there;
// builds of Windows do not.
const (
	VersionHybrid = 6 // phones by QR code; older ones know security keys only
	VersionHints  = 8 // the window opens where the hints say
)

const (
	versionSmartCard = 9 // transport smart-card
	newest           = 9
)

// structVersions says which version of a structure an API version takes. A higher one
// is refused; of a lower one the newer fields are not read.
type structVersions struct{ makeOptions, getOptions uint32 }

var versions = [newest + 1]structVersions{
	1: {3, 4}, 2: {3, 4}, 3: {4, 5}, 4: {5, 6}, 5: {5, 6}, 6: {6, 6}, 7: {7, 7}, 8: {8, 8}, 9: {9, 9},
}

// versionsFor takes 0, which no library says, for 1, and newer than known for the
// newest.
func versionsFor(api uint32) structVersions { return versions[min(max(api, 1), newest)] }
