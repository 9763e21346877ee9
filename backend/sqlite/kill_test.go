package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keyferry/keyferry/backend/mfa"
	"github.com/keyferry/keyferry/backend/mfa/storetest"
)

// The test binary is also the process that gets killed: it does what the
// variable says with the database of the other one, and says each thing it did.
const (
	childDoes     = "KEYFERRY_TEST_CHILD"
	childDatabase = "KEYFERRY_TEST_DATABASE"
)

func TestMain(m *testing.M) {
	children := map[string]func(context.Context, string) error{"enrol": enrolForEver, "start": startForEver, "migrate": migrateForEver, "hold": hold,
		"upgrade": upgradeAll, "import": importForEver}
	if child, ok := children[os.Getenv(childDoes)]; ok {
		fmt.Println("failed", describe(child(context.Background(), os.Getenv(childDatabase))))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// enrolForEver adds users and devices, uses and removes some, and prints the ID
// of each device once it has been promised that it is there, or gone.
func enrolForEver(ctx context.Context, path string) error {
	s, err := Open(ctx, path)
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		u := storetest.NewUser(mfa.NewID())
		if err := s.AddPrincipal(ctx, u, mfa.Event{Kind: mfa.EventUserCreated, PrincipalID: u.ID}); err != nil {
			return err
		}
		d := storetest.NewPasskey(u.ID, mfa.NewID())
		if err := s.AddDevice(ctx, d, mfa.Event{Kind: mfa.EventDeviceAdded, DeviceID: d.ID}); err != nil {
			return err
		}
		fmt.Println("added", d.ID)
		d.Passkey.SignCount++
		if err := s.UpdateDevice(ctx, d, mfa.Event{Kind: mfa.EventSignInMFA, DeviceID: d.ID}); err != nil {
			return err
		}
		if i%5 == 4 {
			if err := s.RemoveDevice(ctx, d.ID, 2, mfa.Event{Kind: mfa.EventDeviceRemoved, DeviceID: d.ID}); err != nil {
				return err
			}
			fmt.Println("removed", d.ID)
		}
	}
}

// startForEver makes one new database after another.
func startForEver(ctx context.Context, path string) error {
	for i := 0; ; i++ {
		fmt.Println("start", i)
		s, err := Open(ctx, fmt.Sprint(path, i))
		if err != nil {
			return err
		}
		if err := s.CreateAccount(ctx, storetest.NewAccount(), storetest.NewRoot(), mfa.Event{Kind: mfa.EventAccountCreated}); err != nil {
			return err
		}
		fmt.Println("created", i)
		if err := s.Close(); err != nil {
			return err
		}
	}
}

// migrateForEver adds one migration more each time.
func migrateForEver(ctx context.Context, path string) error {
	for i := 1; ; i++ {
		fmt.Println("migrate", i)
		s, err := Open(ctx, path, withMigrations(manyMigrations(i)...))
		if err != nil {
			return err
		}
		if err := s.Close(); err != nil {
			return err
		}
	}
}

func manyMigrations(n int) (texts []string) {
	for i := range n {
		texts = append(texts, fmt.Sprintf("CREATE TABLE t%d (x); UPDATE accounts SET alias = 'm%d'", i, i))
	}
	return texts
}

// upgradeAll opens one database of the first schema after another.
func upgradeAll(ctx context.Context, path string) error {
	for i := 0; exists(fmt.Sprint(path, i)); i++ {
		fmt.Println("upgrade", i)
		s, err := Open(ctx, fmt.Sprint(path, i))
		if err != nil {
			return err
		}
		if err := s.Close(); err != nil {
			return err
		}
	}
	select {} // until it is killed
}

// importBatch is how many tokens, and how many users, come and go together.
const importBatch = 30

// importForEver adds tokens and users in batches, and gives each user of a batch a
// token and a code.
func importForEver(ctx context.Context, path string) error {
	s, err := Open(ctx, path)
	if err != nil {
		return err
	}
	for {
		var tokens []mfa.Device
		var users []mfa.Principal
		var events []mfa.Event
		for range importBatch {
			tokens = append(tokens, storetest.NewToken(mfa.NewID()))
			u := storetest.NewUser(mfa.NewID())
			users = append(users, u)
			events = append(events, mfa.Event{Kind: mfa.EventUserCreated, PrincipalID: u.ID})
		}
		if err := s.AddTokens(ctx, tokens, mfa.Event{Kind: mfa.EventTokensImported}); err != nil {
			return err
		}
		if err := s.AddPrincipals(ctx, users, nil, events); err != nil {
			return err
		}
		fmt.Println("imported", users[0].ID)
		for i, d := range tokens[:3] {
			d.PrincipalID, d.Name = users[i].ID, d.ID[len(d.ID)-26:]
			if err := s.AssignDevice(ctx, d, mfa.Event{Kind: mfa.EventDeviceAdded, DeviceID: d.ID}); err != nil {
				return err
			}
			if err := s.AcceptCode(ctx, d.ID, mfa.CodeUse{Step: 9}, true, mfa.Event{Kind: mfa.EventSignInMFA, DeviceID: d.ID}); err != nil {
				return err
			}
		}
	}
}

func hold(ctx context.Context, path string) error {
	s, err := Open(ctx, path)
	if err != nil {
		return err
	}
	return s.change(ctx, mfa.Event{Kind: "held"}, func(tx) error {
		fmt.Println("held")
		select {}
	})
}

// start starts the child and gives what it prints, and the function that kills
// it and waits until it is gone.
func start(t *testing.T, does, path string) (lines *bufio.Scanner, kill func()) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childDoes+"="+does, childDatabase+"="+path)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	return bufio.NewScanner(out), func() {
		child.Process.Kill()
		io.Copy(io.Discard, out)
		child.Wait()
	}
}

// reads reads up to n lines and then lets kill happen; what was printed before
// the kill took effect is read too.
func reads(t *testing.T, lines *bufio.Scanner, n int, kill func(), each func(what, which string)) {
	t.Helper()
	killed := make(chan struct{})
	seen := 0
	for lines.Scan() {
		what, which, _ := strings.Cut(lines.Text(), " ")
		if what == "failed" {
			t.Error(lines.Text())
		}
		each(what, which)
		if seen++; seen == n {
			go func() { defer close(killed); kill() }()
			<-killed
			return
		}
	}
	kill()
}

func TestKilledWhileEnrolling(t *testing.T) {
	path := databasePath(t)
	s := reopen(t, path)
	if err := s.CreateAccount(t.Context(), storetest.NewAccount(), storetest.NewRoot(), mfa.Event{Kind: mfa.EventAccountCreated}); err != nil {
		t.Fatal(describe(err))
	}
	s.Close()
	promised := map[string]string{}
	rounds := 7
	if testing.Short() {
		rounds = 3
	}
	for round := range rounds { // each round finds what the last one left
		lines, kill := start(t, "enrol", path)
		reads(t, lines, 1+round*7, kill, func(what, id string) { promised[id] = what })
		s := reopen(t, path)
		there := consistent(t, s)
		for id, what := range promised {
			// "added" may have been removed after the last line that was read.
			if what == "removed" && there[id] {
				t.Errorf("%s was removed and is there", id)
			}
			if _, err := s.Device(t.Context(), id); what == "added" && err != nil && !wasRemoved(t, s, id) {
				t.Errorf("%s was added and is lost", id)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(describe(err))
		}
	}
}

// A batch is there with all its events, or nothing of it is.
func TestKilledWhileImporting(t *testing.T) {
	path := databasePath(t)
	s := reopen(t, path)
	if err := s.CreateAccount(t.Context(), storetest.NewAccount(), storetest.NewRoot(), mfa.Event{Kind: mfa.EventAccountCreated}); err != nil {
		t.Fatal(describe(err))
	}
	s.Close()
	for round := range 4 {
		lines, kill := start(t, "import", path)
		promised := ""
		reads(t, lines, 1+round*3, kill, func(_, id string) { promised = id })
		s := reopen(t, path)
		if err := s.VerifyChain(t.Context()); err != nil {
			t.Fatal(describe(err))
		}
		if _, err := s.Principal(t.Context(), promised); err != nil {
			t.Errorf("what was promised is lost: %s", describe(err))
		}
		count := func(text string) (n int) {
			t.Helper()
			if err := s.reads.QueryRow(text).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		users, tokens := count("SELECT count(*) FROM principals WHERE kind = 'user'"), count("SELECT count(*) FROM devices")
		if users == 0 || users%importBatch != 0 || count("SELECT count(*) FROM events WHERE kind = 'user-created'") != users {
			t.Errorf("%d users", users)
		}
		if tokens%importBatch != 0 || count("SELECT count(*) FROM events WHERE kind = 'tokens-imported'")*importBatch != tokens ||
			count("SELECT count(*) FROM code_devices") != tokens {
			t.Errorf("%d tokens", tokens)
		}
		assigned := count("SELECT count(*) FROM devices WHERE principal_id IS NOT NULL")
		used := count("SELECT count(*) FROM devices WHERE last_step = 9 AND samples = 2")
		if count("SELECT count(*) FROM events WHERE kind = 'device-added'") != assigned ||
			count("SELECT count(*) FROM events WHERE kind = 'signed-in-mfa'") != used || count("SELECT count(*) FROM drift_samples") != assigned+used {
			t.Errorf("%d assigned, %d used", assigned, used)
		}
		s.Close()
	}
}

func wasRemoved(t *testing.T, s *Store, id string) bool {
	t.Helper()
	events, err := s.Events(t.Context(), 0, 1_000_000)
	if err != nil {
		t.Fatal(describe(err))
	}
	for _, e := range events {
		if e.Kind == mfa.EventDeviceRemoved && e.DeviceID == id {
			return true
		}
	}
	return false
}

func TestKilledWhileStarting(t *testing.T) {
	dir := t.TempDir()
	for round := range 5 {
		base := filepath.Join(dir, fmt.Sprint("round", round, "-"))
		lines, kill := start(t, "start", base)
		begun, created := map[string]bool{}, map[string]bool{}
		reads(t, lines, 1+round*2, kill, func(what, which string) {
			begun[which] = true
			created[which] = created[which] || what == "created"
		})
		for which := range begun {
			s, err := Open(t.Context(), base+which)
			if err != nil {
				t.Fatalf("database %s: %s", which, describe(err))
			}
			consistent(t, s)
			_, err = s.Account(t.Context())
			if created[which] && err != nil || err != nil && !mfa.IsCode(err, mfa.CodeNoAccount) {
				t.Error(describe(err))
			}
			s.Close()
		}
	}
}

func TestKilledWhileMigrating(t *testing.T) {
	for round := range 4 {
		path := example(t, 100)
		lines, kill := start(t, "migrate", path)
		last := 0
		reads(t, lines, 1+round, kill, func(_, which string) { fmt.Sscan(which, &last) })
		// The kill comes some time after the line: the database may be ahead of it.
		s, err := Open(t.Context(), path, withMigrations(manyMigrations(last)...))
		for ; mfa.IsCode(err, mfa.CodeDatabaseNewer); last++ {
			s, err = Open(t.Context(), path, withMigrations(manyMigrations(last+1)...))
		}
		if err != nil {
			t.Fatal(describe(err))
		}
		consistent(t, s)
		s.Close()
		for _, b := range Backups(path) { // no half copies
			s := reopen(t, b, withMigrations(manyMigrations(versionOf(t, b)-len(released()))...))
			consistent(t, s)
			s.Close()
		}
	}
}

func TestAnotherProcessWrites(t *testing.T) {
	path := example(t, 20)
	lines, kill := start(t, "hold", path)
	defer kill()
	if !lines.Scan() || lines.Text() != "held" {
		t.Fatal(lines.Text())
	}
	s := reopen(t, path, WithBusyTimeout(0))
	if err := s.AddEvent(t.Context(), mfa.Event{Kind: "x"}); !mfa.IsCode(err, mfa.CodeAlreadyRunning) {
		t.Error(describe(err))
	}
	kill()
	if err := s.AddEvent(t.Context(), mfa.Event{Kind: "x"}); err != nil {
		t.Error(describe(err))
	}
	consistent(t, s)
}
