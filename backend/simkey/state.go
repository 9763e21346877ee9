package simkey

// Model is which kind of key it resembles.
type Model string

// State is what can be seen of the key from outside, for the sandbox's panel.
type State struct {
	Model    Model
	Models   []Model
	Plugged  bool
	Waiting  bool   // it blinks: Touch ends that
	Op       string // create, sign-in, select or reset while it waits
	RPID     string // whose request it is
	Passkeys int
	PINSet   bool
}
