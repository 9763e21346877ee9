package simkey

// Model is which kind of key it resembles.
type Model string

// What a key that blinks is asked for, for State.Op.
const (
	OpCreate = "create"
	OpSignIn = "sign-in"
	OpSelect = "select" // is it this one?
	OpReset  = "reset"
)

// State is what can be seen of the key from outside, for the sandbox's panel.
type State struct {
	Model    Model
	Models   []Model
	Plugged  bool
	Waiting  bool   // it blinks: Touch ends that
	Op       string // create, sign-in, select or reset while it waits; "" when it is for something else
	RPID     string // whose request it is; "" where nobody said, as with U2F
	Passkeys int
	PINSet   bool
}
