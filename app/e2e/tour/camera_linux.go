package main

import (
	"context"
	"errors"
	"image"
	"image/png"
	"os"
	"time"

	"github.com/keyferry/keyferry/app/e2e/desktop"
)

const (
	// paintTime bounds the wait for a screen that the accessibility bus knows
	// already and that is not painted yet.
	paintTime = 10 * time.Second
	// motionTime is longer than any motion of the window, so that no picture
	// shows something half-way.
	motionTime = 400 * time.Millisecond
	// changed is the share of pixels that tells a new screen from a second that
	// went by on the same one: one in two hundred.
	changed = 200
)

// camera takes a picture of each screen once it is on the screen.
type camera struct {
	desk *desktop.Desktop
	last image.Image
}

// take waits until the display differs from the picture before, and then until
// motion has ended. The picture may be missing or equal for paintTime: then it is
// taken as it is, because it is a picture and not a test.
func (c *camera) take(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, paintTime)
	defer cancel()
	for {
		now, err := c.shoot(path)
		if err != nil {
			return err
		}
		if c.last == nil || differ(c.last, now) {
			break
		}
		if err := wait(ctx, motionTime/4); errors.Is(err, context.DeadlineExceeded) {
			break
		} else if err != nil {
			return err
		}
	}
	if err := wait(context.WithoutCancel(ctx), motionTime); err != nil {
		return err
	}
	now, err := c.shoot(path)
	c.last = now
	return err
}

func (c *camera) shoot(path string) (image.Image, error) {
	if err := c.desk.Screenshot(path); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return png.Decode(f)
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

func differ(a, b image.Image) bool {
	if a.Bounds() != b.Bounds() {
		return true
	}
	r, n := a.Bounds(), 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if a.At(x, y) != b.At(x, y) {
				n++
			}
		}
	}
	return n > r.Dx()*r.Dy()/changed
}
