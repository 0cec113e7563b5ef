package ecoauth_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ecoauth"
)

const (
	clientID = "GoTestGoTestGoTestGoTestGoTest01"
	summary  = "/1/thermostatSummary?json=%7B%22selection%22%3A%7B%22selectionType%22%3A%22registered%22%2C%22selectionMatch%22%3A%22%22%7D%7D"
	patience = 60 * time.Second
)

// proven says that a step of scenario.json has passed; run_binding.py counts it. The last act of a test.
func proven(t *testing.T, step string) {
	t.Helper()
	if t.Failed() {
		t.FailNow()
	}
	fmt.Printf("\nscenario %s: passed\n", step)
}

type sandbox struct {
	t   *testing.T
	url string
}

func startSandbox(t *testing.T, arguments ...string) *sandbox {
	t.Helper()
	command := exec.Command(os.Getenv("ECOAUTH_SANDBOX"), append([]string{"--port", "0", "--interval", "1"}, arguments...)...)
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	output, err := command.StdoutPipe()
	must(t, err)
	must(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = command.Wait()
	})
	line, err := bufio.NewReader(output).ReadString('\n')
	must(t, err)
	address := strings.TrimPrefix(strings.TrimSpace(line), "ecoauth-sandbox ready: ")
	if !strings.HasPrefix(address, "http://") {
		t.Fatalf("the sandbox said %q", line)
	}
	return &sandbox{t, address}
}

func (s *sandbox) control(what string, form url.Values) {
	s.t.Helper()
	response, err := http.PostForm(s.url+"/sandbox/"+what, form)
	must(s.t, err)
	defer response.Body.Close()
	if response.StatusCode != 200 {
		body, _ := io.ReadAll(response.Body)
		s.t.Fatalf("%s: HTTP %d: %s", what, response.StatusCode, body)
	}
}

func (s *sandbox) log() string {
	s.t.Helper()
	response, err := http.Get(s.url + "/sandbox/log")
	must(s.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	must(s.t, err)
	return string(body)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, condition bool, format string, arguments ...any) {
	t.Helper()
	if !condition {
		t.Fatalf(format, arguments...)
	}
}

// limited is a context that no test should ever see the end of.
func limited(t *testing.T) context.Context {
	ctx, stop := context.WithTimeout(context.Background(), patience)
	t.Cleanup(stop)
	return ctx
}

func open(t *testing.T, s *sandbox, change func(*ecoauth.Options)) (*ecoauth.Client, *ecoauth.Account) {
	t.Helper()
	options := ecoauth.Options{Store: ecoauth.MemoryStore(), ClientID: clientID, BaseURL: s.url}
	if change != nil {
		change(&options)
	}
	client, err := ecoauth.New(options)
	must(t, err)
	t.Cleanup(func() { must(t, client.Close()) })
	account, err := client.Account("")
	must(t, err)
	return client, account
}

// await takes the next thing from a channel.
func await[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case got := <-from:
		return got
	case <-time.After(patience):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

func awaitKind(t *testing.T, from <-chan ecoauth.Event, kind ecoauth.EventKind) ecoauth.Event {
	t.Helper()
	for {
		if event := await(t, from); event.Kind == kind {
			return event
		}
	}
}

// mapStore is a store of the tests. It remembers which threads called it.
type mapStore struct {
	mutex   sync.Mutex
	records map[string]savedRecord
	threads map[int]bool
	disturb func() error // called first by every method
}

type savedRecord struct {
	seq    int64
	record string
}

func newMapStore() *mapStore {
	return &mapStore{records: map[string]savedRecord{}, threads: map[int]bool{}}
}

func (s *mapStore) begin() error {
	s.threads[syscall.Gettid()] = true
	if s.disturb != nil {
		return s.disturb()
	}
	return nil
}

func (s *mapStore) Load(_ context.Context, key string) ([]byte, bool, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	err := s.begin()
	saved, found := s.records[key]
	return []byte(saved.record), found, err
}

func (s *mapStore) Save(_ context.Context, key string, expectedSeq int64, record []byte, newSeq int64) (bool, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := s.begin(); err != nil || s.records[key].seq != expectedSeq {
		return false, err
	}
	s.records[key] = savedRecord{newSeq, string(record)}
	return true, nil
}

func (s *mapStore) Erase(_ context.Context, key string) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.records, key)
	return s.begin()
}

func (s *mapStore) List(_ context.Context) ([]string, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var keys []string
	for key := range s.records {
		keys = append(keys, key)
	}
	return keys, s.begin()
}
