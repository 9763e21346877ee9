package atspi

import "fmt"

// Role is a number of AtspiRole. WebKit answers GetRoleName with nothing, so
// the numbers are used.
type Role uint32

// The roles that the driver looks for.
const (
	AnyRole      Role = 0
	CheckBox     Role = 7
	ComboBox     Role = 11
	Dialog       Role = 16
	FileChooser  Role = 19
	Frame        Role = 23
	Image        Role = 27
	Label        Role = 29
	ListItem     Role = 32
	MenuItem     Role = 35
	PasswordText Role = 40
	ProgressBar  Role = 42
	PushButton   Role = 43
	RadioButton  Role = 44
	SpinButton   Role = 52
	Text         Role = 61
	ToggleButton Role = 62
	Unknown      Role = 67
	Paragraph    Role = 73
	Entry        Role = 79
	Heading      Role = 83
	Section      Role = 85
	Link         Role = 88
	TableRow     Role = 90
	DocumentWeb  Role = 95
	Status       Role = 54
	Static       Role = 116
)

var roleNames = map[Role]string{
	CheckBox: "check box", ComboBox: "combo box", Dialog: "dialog", Frame: "window", Image: "image", Label: "label", ListItem: "list item",
	MenuItem: "menu item", FileChooser: "file chooser", SpinButton: "spin button", TableRow: "row",
	PasswordText: "password", ProgressBar: "progress bar", PushButton: "button", RadioButton: "radio button", Text: "text",
	ToggleButton: "toggle button", Paragraph: "paragraph", Entry: "entry", Heading: "heading", Section: "section", Link: "link",
	DocumentWeb: "page", Status: "status", Static: "static",
}

func (r Role) String() string {
	if name, ok := roleNames[r]; ok {
		return name
	}
	return fmt.Sprintf("role %d", uint32(r))
}
