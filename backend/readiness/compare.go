package readiness

// Support is what AWS says about a way on a system.
type Support string

const (
	Supported   Support = "yes"
	Unsupported Support = "no"
	Unsaid      Support = "unsaid" // the guide says nothing about it
)

// Source is where Documented was read.
type Source struct {
	Title, Address string
}

// Guide is the page of AWS that Documented restates, in its wording of the year in which
// synced passkeys came (2024) and since.
var Guide = Source{
	Title:   "AWS Identity and Access Management User Guide, Supported configurations for using passkeys and security keys",
	Address: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_fido_supported_configurations.html",
}

// Notes on what is documented.
const (
	NoteBrowsers = "browsers"      // in the browsers that are named, without plug-ins, not in a private window
	NoteOther    = "other-device"  // the guide sends people here in place of Windows Hello
	NoteHello    = "windows-hello" // no passkeys in Windows Hello
	NoteBuiltIn  = "built-in"      // Touch ID, Face ID
	NoteVirtual  = "virtual"       // not from within a virtual machine
	NoteRemote   = "remote"        // not over a remote connection
	NoteApp      = "no-browser"    // no browser of that system, and not the app for phones
	NoteAny      = "any-system"    // the codes come from another device: the system does not matter
)

// Documented is what AWS documents about one way on one system.
type Documented struct {
	System   string // as runtime.GOOS
	Way      Way
	Support  Support
	Browsers []string // in which a security key works; nil where that is not the matter
	Note     string   // one of Note..., "" for none
}

// browsers is the guide's table: which browsers work with security keys, on
// macOS 10.15, Windows 10, Linux, iOS 14.5 and Android 7, and newer.
var browsers = map[string][]string{
	"darwin":  {"Chrome", "Safari", "Edge", "Firefox"},
	"windows": {"Chrome", "Edge", "Firefox"},
	"linux":   {"Chrome"},
	"ios":     {"Chrome", "Safari", "Edge", "Firefox"},
	"android": nil,
}

// DocumentedFor gives what AWS documents about a way on a system.
func DocumentedFor(system string, w Way) Documented {
	d := Documented{System: system, Way: w, Support: Unsaid}
	list, known := browsers[system]
	switch w {
	case WayKey, WayNFC: // USB, Bluetooth or NFC: the guide makes no difference between them
		switch {
		case len(list) > 0:
			d.Support, d.Browsers, d.Note = Supported, list, NoteBrowsers
		case known:
			d.Support, d.Note = Unsupported, NoteApp
		}
	case WayPhone:
		if system == "windows" {
			d.Support, d.Note = Supported, NoteOther
		}
	case WayComputer:
		switch system {
		case "windows":
			d.Support, d.Note = Unsupported, NoteHello
		case "darwin", "ios":
			d.Support, d.Note = Supported, NoteBuiltIn
		}
	case WayCode:
		d.Support, d.Note = Supported, NoteAny
	}
	return d
}

// Comparison is what AWS documents beside what this computer can do.
type Comparison struct {
	Documented
	Here Verdict
}

// Compare lays the guide beside the report, way by way. Security keys are documented not
// to work from virtual machines and over remote connections; where this is one, that
// goes before the table. Of containers it says nothing.
func (r Report) Compare() []Comparison {
	list := make([]Comparison, 0, len(r.Ladders))
	for _, l := range r.Ladders {
		d := DocumentedFor(r.System, l.Way)
		if l.Way == WayKey || l.Way == WayNFC {
			switch {
			case r.Facts.Virtual != "" && r.Facts.Virtual != "container":
				d.Support, d.Note, d.Browsers = Unsupported, NoteVirtual, nil
			case r.Facts.Remote != "":
				d.Support, d.Note, d.Browsers = Unsupported, NoteRemote, nil
			}
		}
		list = append(list, Comparison{d, l.State})
	}
	return list
}
