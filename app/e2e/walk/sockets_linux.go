package walk

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Air is where the sandbox of a running window hears adverts and relays
// tunnels, both on 127.0.0.1. Nobody announces it: it is read off the process
// from outside, so that a phone in a process of its own can be put beside it.
type Air struct {
	Radio  string // 127.0.0.1:PORT, UDP
	Tunnel string // ws://127.0.0.1:PORT
}

// AirOf finds the one UDP socket and the one listening TCP socket of a process.
func AirOf(pid int) (Air, error) {
	own, err := sockets(pid)
	if err != nil {
		return Air{}, err
	}
	const anyState, listening = "", "0A" // net/tcp_states.h
	radio, rerr := portOf(pid, "udp", anyState, own)
	relay, terr := portOf(pid, "tcp", listening, own)
	return Air{Radio: fmt.Sprintf("127.0.0.1:%d", radio), Tunnel: fmt.Sprintf("ws://127.0.0.1:%d", relay)}, errors.Join(rerr, terr)
}

// sockets gives the inodes of a process's sockets.
func sockets(pid int) (map[string]bool, error) {
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		return nil, err
	}
	own := map[string]bool{}
	for _, l := range links {
		target, err := os.Readlink(l)
		if inode, ok := strings.CutPrefix(target, "socket:["); err == nil && ok {
			own[strings.TrimSuffix(inode, "]")] = true
		}
	}
	return own, nil
}

// portOf looks the process's sockets up in /proc/PID/net (proc(5)): the second
// column is address:port in hex, the fourth the state, the tenth the inode.
func portOf(pid int, proto, state string, own map[string]bool) (int, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/net/%s", pid, proto))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	loopback := strings.ToUpper(hex.EncodeToString([]byte{1, 0, 0, 127})) // 127.0.0.1 on little-endian machines
	for lines := bufio.NewScanner(f); lines.Scan(); {
		col := strings.Fields(lines.Text())
		if len(col) < 10 || !own[col[9]] || state != "" && col[3] != state {
			continue
		}
		address, port, _ := strings.Cut(col[1], ":")
		if n, err := strconv.ParseUint(port, 16, 16); err == nil && address == loopback {
			return int(n), nil
		}
	}
	return 0, fmt.Errorf("process %d has no %s socket on 127.0.0.1", pid, proto)
}
