package vectors

import "time"

// An item that takes two seconds is a fault of the product, and no fault of a machine
// that runs other tests beside it.
func init() { defaultGuard.time = time.Minute }
