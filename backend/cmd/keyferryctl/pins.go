package main

import (
	"context"
	"flag"
	"strconv"
	"unicode/utf8"

	"github.com/keyferry/keyferry/backend/cmd/keyferryctl/words"
	"github.com/keyferry/keyferry/backend/mfa"
)

// pinFlags say where the PIN of a security key or of this computer comes from: a file,
// or a prompt. There is no flag that holds one.
type pinFlags struct{ present, fresh *secretFlag }

func (p *pinFlags) flags(fs *flag.FlagSet) { p.some(fs, thePIN|newPIN) }

// pinsAsked says which PINs a command may ask for: it has flags for no others.
type pinsAsked int

const (
	noPIN  pinsAsked = 0
	thePIN pinsAsked = 1
	newPIN pinsAsked = 2
)

func (p *pinFlags) some(fs *flag.FlagSet, asked pinsAsked) {
	p.present, p.fresh = &secretFlag{name: "pin"}, &secretFlag{name: "new-pin"}
	if asked&thePIN != 0 {
		p.present = newSecret(fs, "pin", "the PIN of the security key, or of this computer,")
	}
	if asked&newPIN != 0 {
		p.fresh = newSecret(fs, "new-pin", "a new PIN, where the device has none or wants another,")
	}
}

// asking answers the questions of one ceremony. What is known of the PIN was said before
// (words.PIN). A file has one answer: when it is wrong no other try is made with it, as
// each costs one.
func (p *pinFlags) asking(t *terminal) mfa.AskPIN {
	var before *mfa.PINAsk // the question that the file was an answer to
	return func(ctx context.Context, ask mfa.PINAsk) (*mfa.Secret, error) {
		from, question := p.present, "PIN"
		isNew := ask.For != mfa.PINVerify
		if isNew {
			from, question = p.fresh, "New PIN"
		}
		switch {
		case from.file != "" && before != nil && before.For == ask.For:
			return nil, notTaken(*before, ask)
		case from.file != "":
			before = &ask
			pin, err := fromFile(from.file, from.name+"-file")
			if err == nil && isNew {
				err = checkPIN(pin, ask.Min, ask.Max)
			}
			if err != nil {
				pin.Wipe()
				return nil, err
			}
			return pin, nil
		case !t.in.isTerminal():
			return nil, mfa.Fail(mfa.CodePINNeeded, "flag", "--"+from.name+"-file")
		}
		return t.askTwice(ctx, question, isNew, from.name)
	}
}

// notTaken is what became of the PIN that a file had.
func notTaken(before, now mfa.PINAsk) error {
	switch {
	case now.For != mfa.PINVerify:
		return mfa.Fail(mfa.CodePINRefused)
	case now.Left == before.Left && now.Left >= 0: // it cost no try: it was none
		return pinLength(now.Min, now.Max)
	}
	return mfa.Fail(mfa.CodePINWrong, "left", strconv.Itoa(now.Left))
}

func checkPIN(pin *mfa.Secret, least, most int) error {
	if utf8.RuneCount(pin.Bytes()) < least || pin.Len() > most {
		return pinLength(least, most)
	}
	return nil
}

func pinLength(least, most int) error {
	return mfa.Fail(mfa.CodePINLength, "min", strconv.Itoa(least), "max", strconv.Itoa(most))
}

// slips is how often somebody may type two new PINs that differ.
const slips = 5

// askTwice is ask that lets a person who mistyped a new secret type it again: a key waits
// meanwhile.
func (t *terminal) askTwice(ctx context.Context, question string, isNew bool, field string) (*mfa.Secret, error) {
	for slip := 1; ; slip++ {
		secret, err := t.ask(ctx, question, isNew, field)
		if !isNew || slip == slips || !mfa.IsCode(err, mfa.CodeInvalidInput) {
			return secret, err
		}
	}
}

// say tells a person what there is to know before a PIN is typed. Where a file has it
// nobody is asked, and what became of it is told at the end.
func (p *pinFlags) say(t *terminal, ask mfa.PINAsk) {
	lines, from := words.PIN(ask), p.present
	if ask.For != mfa.PINVerify {
		from = p.fresh
	}
	switch {
	case from.file != "" && ask.Wrong:
		return
	case from.file != "":
		lines = lines[:len(lines)-1]
	}
	for _, line := range lines {
		t.say("%s", line)
	}
}

// pinJSON is a question for a PIN in JSON; never an answer.
type pinJSON struct {
	For    mfa.PINFor `json:"for"` // verify, new or change
	Local  bool       `json:"local"`
	Min    int        `json:"min"` // characters
	Max    int        `json:"max"` // bytes of UTF-8
	Left   int        `json:"left"`
	Wrong  bool       `json:"wrong"`
	Replug bool       `json:"replug"`
}

func pinOf(ask *mfa.PINAsk) *pinJSON {
	if ask == nil {
		return nil
	}
	return &pinJSON{ask.For, ask.Local, ask.Min, ask.Max, ask.Left, ask.Wrong, ask.Replug}
}
