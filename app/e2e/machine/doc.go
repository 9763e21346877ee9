// Package machine is a computer with other devices than the one that it runs on: a
// security chip and security keys, which a program started on it finds where Linux has
// them, under /dev and /sys. So the window itself, with the code that it has for real
// devices, is walked through without any.
//
// The chip is swtpm at one end of pseudo-terminals, one for each program, whose other end
// is the node: bytes go through as they went through a driver. A key is the sandbox's
// simulated key behind a file that the kernel asks us about (FUSE), since each program
// that opens a key reads for itself. The nodes are seen in a mount namespace alone, which
// the program is started in, so the devices of the real computer are neither touched nor
// hidden from anybody else. That needs root.
//
// What it is not: a kernel. Programs share what the chip has room for, and no ioctl is
// answered.
//
// Reading order: machine_linux.go; chip_linux.go with link_linux.go and terminal_linux.go;
// key_linux.go with node_linux.go; fuse_linux.go.
package machine
