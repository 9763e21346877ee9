package ble

import (
	"cmp"
	"context"
	"time"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/transport"
)

// WinRT scans with the Bluetooth of Windows
// (Windows.Devices.Bluetooth.Advertisement.BluetoothLEAdvertisementWatcher).
//
//	radios? --> watch, extended --not supported--> watch, plain --> listening
//	  |none, off      |refused                          |refused       |
//	failure         failure                           failure          |
//	                                   stopped by the system: failure <+
type WinRT struct {
	system winSystem
	look   time.Duration // between looks at a watcher's state; 250 ms
}

// winSystem is what is asked of Windows. The real one is in winrt_windows.go.
type winSystem interface {
	// run runs work where calls of WinRT may be made, and waits for it.
	run(work func() error) error
	// radios lists all radios, of each kind.
	radios(ctx context.Context) ([]winRadio, error)
	// hears is nil where there is a watcher at all.
	hears() error
	// watch begins to listen. heard and stopped are called on threads of the system,
	// several at a time; data is theirs.
	watch(extended bool, heard func(kind uint8, data []byte, signal int), stopped func(winStop)) (winWatcher, error)
}

// winWatcher is one BluetoothLEAdvertisementWatcher. close stops it and lets go of it;
// whoever is inside a callback then may still come back.
type winWatcher interface {
	state() winState
	close()
}

const defaultLook = 250 * time.Millisecond

// Probe gives the name of the first Bluetooth radio that is on, or bluetooth-missing or
// bluetooth-off. Where Windows will not list its radios but has a watcher, it is for Scan
// to find out.
func (w *WinRT) Probe(ctx context.Context) (name string, err error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	type answer struct {
		name string
		err  error
	}
	answers := make(chan answer, 1) // the system may take its time
	go func() {
		var a answer
		a.err = w.system.run(func() (err error) { a.name, err = w.probe(ctx); return err })
		answers <- a
	}()
	select {
	case a := <-answers:
		return a.name, winMeaning(a.err)
	case <-ctx.Done():
		if ctx.Err() == context.DeadlineExceeded {
			return "", mfa.Fail(mfa.CodeRadioFailed).Because(ctx.Err())
		}
		return "", ctx.Err()
	}
}

func (w *WinRT) probe(ctx context.Context) (string, error) {
	radios, err := w.system.radios(ctx)
	switch {
	case err == nil:
		return usableRadio(radios)
	case ctx.Err() != nil:
		return "", ctx.Err()
	}
	if err := w.system.hears(); err != nil {
		return "", err
	}
	return bluetoothName, nil
}

// Scan listens for legacy and, where the system can, extended adverts. It fails with
// bluetooth-missing, -off, -denied or -failed, also when the radio goes while it listens.
func (w *WinRT) Scan(ctx context.Context, listening func(), heard func(transport.Advert)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- w.system.run(func() error { return w.scan(ctx, listening, heard) }) }()
	return winMeaning(<-ended)
}

func (w *WinRT) scan(ctx context.Context, listening func(), heard func(transport.Advert)) error {
	if _, err := w.probe(ctx); err != nil {
		return err
	}
	s := winScan{WinRT: w, listening: listening, heard: heard}
	err := s.run(ctx, true)
	if !s.told && winCode(err) == mfa.CodeRadioMissing && ctx.Err() == nil {
		err = s.run(ctx, false)
	}
	return err
}

// winScan is one Scan.
type winScan struct {
	*WinRT
	listening func()
	heard     func(transport.Advert)
	told      bool // that it listens
}

func (s *winScan) run(ctx context.Context, extended bool) error {
	adverts := make(chan transport.Advert, backlog)
	stops := make(chan winStop, 1)
	watcher, err := s.system.watch(extended, func(kind uint8, data []byte, signal int) {
		if a, is := advertOf(kind, data, signal); is {
			select {
			case adverts <- a:
			default:
			}
		}
	}, func(stop winStop) {
		select {
		case stops <- stop:
		default:
		}
	})
	if err != nil {
		return err
	}
	defer watcher.close()
	looks := time.NewTicker(cmp.Or(s.look, defaultLook))
	defer looks.Stop()
	state := watcher.state()
	for {
		if !s.told && state == winStarted {
			s.told = true
			s.listening()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case stop := <-stops:
			return s.stopped(ctx, stop)
		case <-looks.C:
			if state = watcher.state(); state == winStopped || state == winAborted {
				return s.stopped(ctx, stopReason(stops))
			}
		case a := <-adverts:
			state = winStarted // or there would be none
			if !s.told {
				s.told = true
				s.listening()
			}
			if ctx.Err() == nil {
				s.heard(a)
			}
		}
	}
}

// stopReason is what was said, if anything was.
func stopReason(stops <-chan winStop) winStop {
	select {
	case stop := <-stops:
		return stop
	default:
		return stopOther
	}
}

// stopped says why the system does not listen any more. That the radio is not available
// is said of one that is off and of one that is gone.
func (s *winScan) stopped(ctx context.Context, stop winStop) error {
	if stop == stopRadioNotAvailable {
		if _, err := s.probe(ctx); err != nil {
			return err
		}
	}
	return stop.failure()
}
