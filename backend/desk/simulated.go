package desk

import (
	"bytes"
	"context"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/phonesim"
	"github.com/keyferry/keyferry/backend/simkey"
)

// simulated gives the sandbox's phone; outside of the sandbox there is none.
func (d *Desk) simulated() (*phonesim.Phone, error) {
	house, err := d.House()
	if err != nil {
		return nil, err
	}
	if house.Phone == nil {
		return nil, mfa.Fail(mfa.CodeNotFound, "what", "simulated-phone")
	}
	return house.Phone, nil
}

// ScanWithSimulatedPhone hands a picture of the screen (PNG or JPEG) to the
// simulated phone. It returns once the picture was read: picture-unreadable,
// picture-no-code, not-a-phone-code, phone-code-damaged. The rest arrives as
// events.
func (d *Desk) ScanWithSimulatedPhone(ctx context.Context, picture []byte) (phonesim.State, error) {
	phone, err := d.simulated()
	if err != nil {
		return phonesim.State{}, err
	}
	if err := phone.Begin(d.ctx, bytes.NewReader(picture)); err != nil {
		return phonesim.State{}, err
	}
	return phone.State(), nil
}

// AnswerSimulatedPhone presses Approve or Decline on it.
func (d *Desk) AnswerSimulatedPhone(approve bool) error {
	phone, err := d.simulated()
	if err != nil {
		return err
	}
	return phone.Answer(approve)
}

// SetSimulatedPhone chooses what it does next and which phone it resembles.
func (d *Desk) SetSimulatedPhone(b phonesim.Behaviour, m phonesim.Model) (phonesim.State, error) {
	phone, err := d.simulated()
	if err != nil {
		return phonesim.State{}, err
	}
	if err := phone.Configure(b, m); err != nil {
		return phonesim.State{}, err
	}
	return phone.State(), nil
}

// SimulatedPhone is what it shows now.
func (d *Desk) SimulatedPhone() (phonesim.State, error) {
	phone, err := d.simulated()
	if err != nil {
		return phonesim.State{}, err
	}
	return phone.State(), nil
}

func (d *Desk) phoneChanged(s phonesim.State) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.emit(Event{Phone: &s})
}

// simKey gives the sandbox's security key; outside of the sandbox there is none.
func (d *Desk) simKey() (*simkey.Key, error) {
	house, err := d.House()
	if err != nil {
		return nil, err
	}
	if house.SimKey == nil {
		return nil, mfa.Fail(mfa.CodeNotFound, "what", "simulated-key")
	}
	return house.SimKey, nil
}

// TouchSimulatedKey puts a finger on it: not-found when it does not blink.
func (d *Desk) TouchSimulatedKey() error {
	key, err := d.simKey()
	if err != nil {
		return err
	}
	return key.Touch()
}

// PlugSimulatedKey puts it in or takes it out.
func (d *Desk) PlugSimulatedKey(on bool) (simkey.State, error) {
	key, err := d.simKey()
	if err != nil {
		return simkey.State{}, err
	}
	key.Plug(on)
	return key.State(), nil
}

// SetSimulatedKey chooses which key it resembles; it is another one then.
func (d *Desk) SetSimulatedKey(m simkey.Model) (simkey.State, error) {
	key, err := d.simKey()
	if err != nil {
		return simkey.State{}, err
	}
	if err := key.SetModel(m); err != nil {
		return simkey.State{}, err
	}
	return key.State(), nil
}

// SimulatedKey is what it shows now.
func (d *Desk) SimulatedKey() (simkey.State, error) {
	key, err := d.simKey()
	if err != nil {
		return simkey.State{}, err
	}
	return key.State(), nil
}

func (d *Desk) simKeyChanged(s simkey.State) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.emit(Event{SimKey: &s})
}
