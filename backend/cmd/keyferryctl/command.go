package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Exit codes.
const (
	exitDone      = 0
	exitFailed    = 1
	exitUsage     = 2
	exitCancelled = 130 // 128 + SIGINT, as shells count
)

// streams are the standard streams, replaced in tests.
type streams struct {
	in       *os.File
	out, err io.Writer
}

// command is one verb. set declares its flags and gives what runs once they are
// parsed.
type command struct {
	path    []string // "devices", "list"
	args    string   // for the help text
	summary string
	about   string // more for the help text, in lines
	set     func(fs *flag.FlagSet, g *globals) func(ctx context.Context, t *terminal, args []string) error
}

// globals are the flags of every command; they may stand before the verb too.
type globals struct {
	home string
	json bool
}

func (g *globals) flags(fs *flag.FlagSet) {
	fs.StringVar(&g.home, "home", g.home, "data `folder` (default: the one of this person)")
	fs.BoolVar(&g.json, "json", g.json, "print JSON")
}

func commands() []command {
	return []command{
		accountCreate, accountShow, signIn, passwordChange, recoveryMake,
		enrollPhone, enrollKey, enrollComputer, keysList, keysListed, keysInfo, keysPIN, keysPasskeys, keysDelete, keysReset, keysWink, tpmShow, tpmReset,
		devicesList, devicesShow, devicesWays, devicesGet, devicesUnassigned, devicesEnable, devicesAssign, devicesDeactivate, devicesRemove, devicesDelete,
		devicesResync, devicesRename, devicesDrift, linksList, linksForget, virtualCreate, virtualList, tokenPreview, tokenImport, tokenList, tokenAssign, tokenDelete,
		userList, userAdd, userChange, userRemove, userPassword, userAdmin, userImport, groupList, groupShow, groupAdd, groupRemove, groupMember, groupPolicy,
		policyList, policyShow, policyCreate, policyUpdate, policyDelete, policyAttach, policyDetach, policyPutInline, policyRemoveInline, policyGranted,
		policyTemplates, policyCheck, policyEvaluate, policyExplain, policyPreflight, policyAdmits, policyDiff,
		mdsImport, mdsFetch, mdsShow, mdsList, mdsDrift,
		settingsShow, settingsSet, enforcementShow, enforcementRehearse, makeReport,
		events, auditList, auditExport, auditVerify, auditCheckpoint, backupMake, backupRehearse, backupRestore,
		vaultStatus, vaultUnlock, vaultPassphrase, vaultSystem, vaultRecoveryFile, vaultRemoveSlot,
		simulatedPhone, tunnelServe, inspect, verify, runVectors, doctor, version}
}

// errUsage is wrong use: exit code 2 and a hint, no failure code.
type errUsage struct{ what string }

func (e errUsage) Error() string { return e.what }

func usage(format string, a ...any) error { return errUsage{fmt.Sprintf(format, a...)} }

// run is the whole program but for the process around it.
func run(ctx context.Context, args []string, s streams) int {
	var g globals
	before := newFlags("keyferryctl")
	g.flags(before)
	if err := before.Parse(args); err != nil {
		return wrongUse(s, err)
	}
	args = before.Args()
	if len(args) == 0 {
		fmt.Fprint(s.err, helpText())
		return exitUsage
	}
	if args[0] == "help" {
		return help(s, args[1:])
	}
	c, rest, ok := find(args)
	if !ok {
		code := wrongUse(s, usage("there is no command %q", strings.Join(args[:min(2, len(args))], " ")))
		fmt.Fprint(s.err, listing(args[:1], "")) // of devices, say
		return code
	}
	fs := newFlags(strings.Join(c.path, " "))
	g.flags(fs)
	do := c.set(fs, &g)
	positional, err := interspersed(fs, pairedCodes(rest))
	if errors.Is(err, flag.ErrHelp) {
		return help(s, c.path)
	}
	if err != nil {
		return wrongUse(s, err)
	}
	t := newTerminal(s, g.json)
	return t.end(do(ctx, t, positional))
}

// pairedCodes makes one argument of the two that follow --codes, as IAM's command line has
// two options for them and people type them side by side.
func pairedCodes(args []string) []string {
	for i := 0; i+2 < len(args) && args[i] != "--"; i++ {
		if strings.TrimLeft(args[i], "-") == "codes" && args[i] != "codes" && !strings.HasPrefix(args[i+2], "-") && !strings.Contains(args[i+1], ",") {
			return slices.Concat(args[:i+1], []string{args[i+1] + "," + args[i+2]}, args[i+3:])
		}
	}
	return args
}

func newFlags(name string) *flag.FlagSet {
	fs := flag.NewFlagSet(name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	return fs
}

// find takes the longest command that args begin with.
func find(args []string) (c command, rest []string, ok bool) {
	for _, candidate := range commands() {
		n := len(candidate.path)
		if n > len(c.path) && len(args) >= n && slices.Equal(args[:n], candidate.path) {
			c, rest, ok = candidate, args[n:], true
		}
	}
	return c, rest, ok
}

// interspersed parses flags wherever they stand; "--" ends them.
func interspersed(fs *flag.FlagSet, args []string) ([]string, error) {
	var positional []string
	for {
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
		rest := fs.Args()
		if len(rest) == 0 {
			return positional, nil
		}
		if ended := len(args) - len(rest); ended > 0 && args[ended-1] == "--" {
			return append(positional, rest...), nil
		}
		positional, args = append(positional, rest[0]), rest[1:]
	}
}

func wrongUse(s streams, err error) int {
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(s.out, helpText())
		return exitDone
	}
	fmt.Fprintf(s.err, "keyferryctl: %v\nTry: keyferryctl help\n", err)
	return exitUsage
}

// exitCode says how the process ends.
func exitCode(err error) int {
	var wrong errUsage
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &wrong):
		return exitUsage
	case mfa.AsFailure(err).Category() == mfa.CategoryCancelled:
		return exitCancelled
	default:
		return exitFailed
	}
}
