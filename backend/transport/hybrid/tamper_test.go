package hybrid

import "slices"

// fault is what the network does to the n-th message of one direction.
type fault func(l *lab, n int) func(i int, m []byte) [][]byte

func drop(_ *lab, n int) func(int, []byte) [][]byte {
	return func(i int, m []byte) [][]byte {
		if i == n {
			return nil
		}
		return [][]byte{m}
	}
}

func repeat(_ *lab, n int) func(int, []byte) [][]byte {
	return func(i int, m []byte) [][]byte {
		if i == n {
			return [][]byte{m, m}
		}
		return [][]byte{m}
	}
}

// flip changes one bit in the middle.
func flip(_ *lab, n int) func(int, []byte) [][]byte {
	return func(i int, m []byte) [][]byte {
		if i == n {
			m = slices.Clone(m)
			m[len(m)/2] ^= 4
		}
		return [][]byte{m}
	}
}

// shorten takes the last byte.
func shorten(_ *lab, n int) func(int, []byte) [][]byte {
	return func(i int, m []byte) [][]byte {
		if i == n {
			m = m[:len(m)-1]
		}
		return [][]byte{m}
	}
}

// swap lets the next message overtake.
func swap(_ *lab, n int) func(int, []byte) [][]byte {
	var held []byte
	return func(i int, m []byte) [][]byte {
		switch i {
		case n:
			held = m
			return nil
		case n + 1:
			return [][]byte{m, held}
		}
		return [][]byte{m}
	}
}

// delay holds the message, and what is behind it, until the client has failed.
func delay(l *lab, n int) func(int, []byte) [][]byte {
	return func(i int, m []byte) [][]byte {
		if i == n {
			<-l.relay.heldBack
		}
		return [][]byte{m}
	}
}
