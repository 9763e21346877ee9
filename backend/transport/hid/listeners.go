package hid

import "sync"

// listener is somebody who waits for callbacks of the system.
type listener struct {
	heard func(report []byte)
	gone  func()
	most  int // bytes of a report
}

// table finds listeners by the number that the system hands back. Numbers begin at 1
// and are not used again.
type table struct {
	mu   sync.Mutex
	last uintptr
	all  map[uintptr]listener
}

func (t *table) add(l listener) uintptr {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil {
		t.all = map[uintptr]listener{}
	}
	t.last++
	t.all[t.last] = l
	return t.last
}

func (t *table) get(number uintptr) (listener, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l, there := t.all[number]
	return l, there
}

func (t *table) remove(number uintptr) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.all, number)
}
