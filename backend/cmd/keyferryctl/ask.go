package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/keyferry/keyferry/backend/mfa"
)

// maxLine bounds a line from standard input or a password file: more than the
// longest password, as UTF-8.
const maxLine = 4 << 10

// input reads lines from standard input, one reader for all questions.
type input struct {
	file  *os.File
	lines *bufio.Reader
}

func newInput(f *os.File) *input { return &input{file: f, lines: bufio.NewReaderSize(f, maxLine)} }

func (in *input) isTerminal() bool { return term.IsTerminal(int(in.file.Fd())) }

// line reads one line without its end. A read cannot be taken back: when ctx
// ends first, the goroutine stays until the process ends.
func (in *input) line(ctx context.Context) ([]byte, error) {
	return orCancelled(ctx, func() ([]byte, error) {
		b, err := in.lines.ReadSlice('\n')
		if errors.Is(err, io.EOF) && len(b) > 0 {
			err = nil
		}
		defer clear(b) // in the reader's buffer; it may be a password
		return bytes.Clone(bytes.TrimRight(b, "\r\n")), err
	})
}

func orCancelled(ctx context.Context, read func() ([]byte, error)) ([]byte, error) {
	type answer struct {
		b   []byte
		err error
	}
	done := make(chan answer, 1)
	go func() {
		b, err := read()
		done <- answer{b, err}
	}()
	select {
	case a := <-done:
		return a.b, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// yes asks a question that is answered with y or n. Anything but y or yes is no,
// and so is the end of the input; flag then says how to answer beforehand.
func (t *terminal) yes(ctx context.Context, question, flag string) (bool, error) {
	fmt.Fprintf(t.outErr, "%s [y/N] ", question)
	b, err := t.in.line(ctx)
	if errors.Is(err, io.EOF) {
		fmt.Fprintf(t.outErr, "\nNobody is there to answer, which counts as no. To answer beforehand: %s\n", flag)
		return false, nil
	}
	answer := strings.ToLower(strings.TrimSpace(string(b)))
	return answer == "y" || answer == "yes", err
}

// sure asks before something is taken away. Without an answer it fails with cancelled.
func (t *terminal) sure(ctx context.Context, yes bool, question string) error {
	if yes {
		return nil
	}
	if answer, err := t.yes(ctx, question, "--yes"); err != nil || !answer {
		return mfa.Fail(mfa.CodeCancelled).Because(err)
	}
	return nil
}

// passwordFlags say where a password comes from. There is no flag that holds
// one: arguments are seen by every process of the machine.
type passwordFlags struct {
	file  string
	stdin bool
}

func (p *passwordFlags) flags(fs *flag.FlagSet) {
	fs.StringVar(&p.file, "password-file", "", "read the password from the first line of `FILE`")
	fs.BoolVar(&p.stdin, "password-stdin", false, "read the password from the first line of standard input")
}

// password gets the password; twice from a prompt when it is a new one. The
// caller wipes it.
func (p *passwordFlags) password(ctx context.Context, t *terminal, isNew bool) (*mfa.Secret, error) {
	switch {
	case p.file != "" && p.stdin:
		return nil, usage("--password-file and --password-stdin exclude each other")
	case p.file != "":
		return fromFile(p.file, "password-file")
	case p.stdin:
		b, err := t.in.line(ctx)
		if errors.Is(err, io.EOF) {
			return nil, mfa.Fail(mfa.CodeInvalidInput, "field", "password")
		}
		return mfa.NewSecret(b), err
	case !t.in.isTerminal():
		return nil, usage("there is no terminal to ask for the password: use --password-file or --password-stdin")
	}
	return t.ask(ctx, "Password", isNew, "password")
}

// prompt asks on a terminal that is silent already. The end of the input
// (Ctrl-D) counts as cancelled.
func (t *terminal) prompt(ctx context.Context, question string) (*mfa.Secret, error) {
	fmt.Fprint(t.outErr, question)
	b, err := t.in.line(ctx)
	fmt.Fprintln(t.outErr)
	if errors.Is(err, io.EOF) {
		err = mfa.Fail(mfa.CodeCancelled)
	}
	if err != nil {
		clear(b)
		return nil, err
	}
	return mfa.NewSecret(b), nil
}

// fromFile reads the first line of a small file. flag names the file in failures.
func fromFile(path, flag string) (*mfa.Secret, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, mfa.Fail(mfa.CodeInvalidInput, "field", flag).Because(errors.Unwrap(err))
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxLine))
	if err != nil {
		return nil, mfa.Fail(mfa.CodeInvalidInput, "field", flag).Because(errors.Unwrap(err)) // a folder, perhaps
	}
	defer clear(b)
	line, _, _ := bytes.Cut(b, []byte("\n"))
	return mfa.NewSecret(bytes.Clone(bytes.TrimSuffix(line, []byte("\r")))), nil
}
