// Package hid is CTAPHID, the way to security keys on USB (CTAP 2.2 section
// 11.2), in both roles: Channel asks, Serve answers. System finds the keys.
//
// It never looks into a CTAP message, never asks a person, stores nothing, and
// writes no byte of a message anywhere. A device may do what it likes: every wait
// has an end (Host), every length a bound, what belongs to others is passed over,
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
// # Other systems
//
// Windows lets only its own client talk to keys (platform/webauthnwin). A System
// for macOS is a Device over IOKit, a KeyBus that lists them, and a bus_darwin.go
// in place of bus_other.go; all else is here.
//
// Reading order: device.go, packet.go (reports, messages), host.go, channel.go and
// watch.go (the client), serve.go (the device), pipe.go (both without USB);
// bus_linux.go, changes_linux.go, descriptor_linux.go, hidraw_linux.go and udev.go
// (Linux).
package hid
