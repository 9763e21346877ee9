package keyring

import (
	"context"
	"encoding/base64"
	"errors"
	"sync"

	"github.com/keyferry/keyferry/backend/mfa"
)

// Library adapts a library of functions over strings. A secret is base64 there, and
// its string lives until the garbage collector takes it: strings cannot be wiped.
type Library struct {
	name       string
	get        func(service, user string) (string, error)
	set        func(service, user, secret string) error
	delete     func(service, user string) error
	unknown    error            // it has no such entry
	absent     func(error) bool // there is no store at all
	oneAtATime sync.Mutex       // a call that was given up may still run
}

// Name is what people call the store.
func (l *Library) Name() string { return l.name }

// Get gives an entry. not-found, secret-store-missing, secret-store-locked.
func (l *Library) Get(ctx context.Context, account string) (*mfa.Secret, error) {
	return bounded(ctx, l, func() (*mfa.Secret, error) {
		text, err := l.get(service, account)
		if err != nil {
			return nil, err
		}
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil || len(raw) == 0 || len(raw) > maxKey {
			return nil, errAnswer
		}
		return mfa.NewSecret(raw), nil
	})
}

// Set keeps an entry. secret-store-missing, secret-store-locked.
func (l *Library) Set(ctx context.Context, account string, key *mfa.Secret) error {
	if err := checkKey(key); err != nil {
		return err
	}
	text := base64.StdEncoding.EncodeToString(key.Bytes())
	_, err := bounded(ctx, l, func() (*mfa.Secret, error) { return nil, l.set(service, account, text) })
	return err
}

// Delete forgets an entry. not-found, secret-store-missing, secret-store-locked.
func (l *Library) Delete(ctx context.Context, account string) error {
	_, err := bounded(ctx, l, func() (*mfa.Secret, error) { return nil, l.delete(service, account) })
	return err
}

// Unlock is asked by any call on these systems: the store's own question opens then.
func (l *Library) Unlock(ctx context.Context) error {
	found, err := l.Get(ctx, "none")
	found.Wipe()
	if mfa.IsCode(err, mfa.CodeNotFound) {
		return nil
	}
	return err
}

// bounded gives the library, which knows no context, up when ctx ends. The call then
// ends by itself, and what it brought is wiped.
func bounded(ctx context.Context, l *Library, call func() (*mfa.Secret, error)) (*mfa.Secret, error) {
	type answer struct {
		secret *mfa.Secret
		err    error
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	done := make(chan answer, 1)
	go func() {
		l.oneAtATime.Lock()
		defer l.oneAtATime.Unlock()
		secret, err := call()
		done <- answer{secret, err}
	}()
	select {
	case a := <-done:
		return a.secret, l.meaning(a.err)
	case <-ctx.Done():
		go func() { (<-done).secret.Wipe() }()
		if errors.Is(ctx.Err(), context.Canceled) {
			return nil, ctx.Err()
		}
		return nil, isLocked(ctx.Err())
	}
}

func (l *Library) meaning(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, l.unknown):
		return notFound()
	case l.absent(err):
		return missing(err)
	}
	return isLocked(err)
}
