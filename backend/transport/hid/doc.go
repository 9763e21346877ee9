// Package hid is CTAPHID, the way to security keys on USB (CTAP 2.2 section
// 11.2), in both roles: Channel asks, Serve answers. System finds the keys.
//
// It never looks into a CTAP message, never asks a person, stores nothing, and
// writes no byte of a message anywhere. A device may do what it likes: every wait
// has an end (Host), at which what still says that it works is told to stop, every
// length a bound, what belongs to others is passed over,
// and what breaks the rules is key-protocol, with a param what: report, channel,
// command, length, sequence, version, or refused where the device says that we
// broke them.
//
// After anything that ended otherwise than by an answer the device may still have
// something to say about it. The channel is then unsettled, and the next exchange
// begins with INIT, which makes the device forget and lets us tell old from new
// by the nonce. So nothing has to be drained, and a second attempt always works.
//
// # Hot-plug on Linux
//
// Watch asks the kernel (inotify) to tell of changes to the nodes in /dev, and
// looks again every two seconds besides. Not netlink: the kernel's own event comes
// before udev has let the person in, and logind changes permissions without any
// event at all, when somebody else takes the seat or a rule is installed. Both
// change the node, which is what List looks at, and inotify needs no privilege,
// works in a container that shares /dev, and can be tested with a made folder.
// Not polling alone: a touch is answered at once, a key that is plugged in should
// be too. The slow look remains for places where nobody may watch (the number of
// watches is limited for each user) and costs some ten system calls while a
// ceremony waits for a key.
//
// # macOS
//
// iokit_*.go has keys by IOKit's HID manager: devices with usage page 0xF1D0 and usage 1
// (CTAP 2.2 section 11.2.8.2), told apart by the number that the registry gives each as
// it comes. A device is opened beside others and never seized, so a browser can use the
// same key. Reports, arrivals and departures come by callbacks on run loops that have a
// thread each; what a callback gives is copied at once. Outside the App Sandbox nothing
// has to be allowed; inside, com.apple.security.device.usb. Everything but four thin
// files (bus_darwin.go, iokit_darwin.go, callbacks_darwin.go, runloop_darwin.go) is
// tested on any system; those have been compiled and vetted only, and nobody has run
// them (docs/HARDWARE-CHECKS.md, section L).
//
// # Other systems
//
// Windows lets only its own client talk to keys (platform/webauthnwin).
//
// Reading order: device.go, packet.go (reports, messages), host.go, channel.go and
// watch.go (the client), serve.go (the device), pipe.go (both without USB);
// bus_linux.go, changes_linux.go, descriptor_linux.go, hidraw_linux.go and udev.go
// (Linux); iokit_bus.go, iokit_device.go, iokit_meaning.go, listeners.go and the thin
// ones (macOS); name.go.
package hid
