package tpm

import (
	"errors"
	"io/fs"
	"syscall"

	"github.com/google/go-tpm/tpm2/transport"
	"github.com/google/go-tpm/tpm2/transport/linuxtpm"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Node is the TPM behind the kernel's resource manager, which gives each program
// objects and sessions of its own. The bare /dev/tpm0 would shut others out.
const Node = "/dev/tpmrm0"

// SystemDevice opens this computer's TPM. tpm-missing; tpm-denied (node), where
// membership of the group tss helps as a rule; tpm-failed (why).
func SystemDevice() (transport.TPMCloser, error) { return openNode(Node) }

func openNode(node string) (transport.TPMCloser, error) {
	device, err := linuxtpm.Open(node)
	switch {
	case err == nil:
		return device, nil
	case errors.Is(err, fs.ErrPermission):
		return nil, mfa.Fail(mfa.CodeTPMDenied, "node", node).Because(err)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, linuxtpm.ErrFileIsNotDevice),
		errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.ENXIO): // a driver without its chip
		return nil, mfa.Fail(mfa.CodeTPMMissing).Because(err)
	}
	return nil, failed(whyGone, err)
}
