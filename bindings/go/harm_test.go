package ecoauth_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ecoauth"
)

func TestTicking(t *testing.T) {
	_, account := open(t, startSandbox(t), nil)
	ctx, stop := context.WithTimeout(context.Background(), 2*time.Second)
	defer stop()
	done := make(chan error, 1)
	go func() { done <- account.AuthorizePin(ctx) }()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	ticks, last, gap := 0, time.Now(), time.Duration(0)
	for {
		select {
		case <-ticker.C:
			ticks++
			if since := time.Since(last); since > gap {
				gap = since
			}
			last = time.Now()
			continue
		case err := <-done:
			expect(t, errors.Is(err, context.DeadlineExceeded), "error %v", err)
		}
		break
	}
	expect(t, ticks >= 50 && gap < 500*time.Millisecond, "%d ticks, longest gap %v", ticks, gap)
	proven(t, "ticking")
}

func TestExit(t *testing.T) {
	sandbox := startSandbox(t)
	numbers, failures := make(chan int), make(chan error, 100)
	var both sync.WaitGroup
	for worker := 0; worker < 2; worker++ {
		both.Add(1)
		go func() {
			defer both.Done()
			for number := range numbers {
				what := "exit"
				if number%2 == 1 {
					what = "exit-own-store"
				}
				if said, err := startHost(t, what, sandbox.url, "").CombinedOutput(); err != nil || len(said) > 0 {
					failures <- fmt.Errorf("%v: %s", err, said)
				}
			}
		}()
	}
	for number := 0; number < 100; number++ {
		numbers <- number
	}
	close(numbers)
	both.Wait()
	if len(failures) > 0 {
		t.Fatalf("%d of 100 failed: %v", len(failures), <-failures)
	}
	proven(t, "exit")
}

// What nobody but the library holds, with collections all the time.
func TestGarbage(t *testing.T) {
	sandbox := startSandbox(t, "--auto-approve", "0")
	over, collected := make(chan struct{}), make(chan bool, 10)
	var collector sync.WaitGroup
	collector.Add(1)
	go func() {
		defer collector.Done()
		for {
			select {
			case <-over:
				return
			default:
				runtime.GC()
			}
		}
	}()
	watched := func() *mapStore {
		store := newMapStore()
		runtime.SetFinalizer(store, func(*mapStore) { collected <- true })
		return store
	}
	pins := make(chan ecoauth.Pin, 10)
	for run := 0; run < 5; run++ {
		client, account := openOnly(t, sandbox, watched(), pins)
		must(t, account.AuthorizePin(limited(t)))
		must(t, account.Refresh(limited(t)))
		await(t, pins)
		must(t, client.Close())
	}
	// Forgotten with a reader at work: the finalizers close it.
	func() {
		_, account := openOnly(t, sandbox, watched(), pins)
		must(t, account.AuthorizePin(limited(t)))
	}()
	for run := 0; run < 6; run++ {
		await(t, collected)
	}
	close(over)
	collector.Wait()
	proven(t, "garbage")
}

func openOnly(t *testing.T, sandbox *sandbox, store *mapStore, pins chan ecoauth.Pin) (*ecoauth.Client, *ecoauth.Account) {
	client, err := ecoauth.New(ecoauth.Options{Store: ecoauth.OwnStore(store), ClientID: clientID, BaseURL: sandbox.url,
		OnPin: func(pin ecoauth.Pin) { pins <- pin }})
	must(t, err)
	account, err := client.Account("")
	must(t, err)
	return client, account
}

func TestFork(t *testing.T) {
	fmt.Printf("\nscenario fork: not applicable: Go programs cannot fork without exec\n")
}

// blockedSignals is the mask of a thread or process, as the kernel says it.
func blockedSignals(t *testing.T, status string) uint64 {
	t.Helper()
	for _, line := range strings.Split(status, "\n") {
		if strings.HasPrefix(line, "SigBlk:") {
			mask, err := strconv.ParseUint(strings.TrimSpace(strings.TrimPrefix(line, "SigBlk:")), 16, 64)
			must(t, err)
			return mask
		}
	}
	t.Fatalf("no SigBlk in %q", status)
	return 0
}

func TestSigpipe(t *testing.T) {
	// A program that is started inherits the mask that Go began with.
	inherited, err := exec.Command("cat", "/proc/self/status").Output()
	must(t, err)
	const pipe = uint64(1) << (uint(syscall.SIGPIPE) - 1)
	expect(t, blockedSignals(t, string(inherited))&pipe == 0, "SIGPIPE is blocked in programs that this one starts")

	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	own := func() uint64 {
		status, err := os.ReadFile("/proc/thread-self/status")
		must(t, err)
		return blockedSignals(t, string(status))
	}
	before := own()
	sandbox := startSandbox(t, "--auto-approve", "0")
	_, account := open(t, sandbox, nil)
	must(t, account.AuthorizePin(limited(t)))
	sandbox.control("fault", url.Values{"name": {"reset"}, "count": {"3"}, "at": {"api"}})
	for run := 0; run < 4; run++ {
		if _, err := account.Request(limited(t), "GET", summary, nil, ""); err != nil {
			expect(t, errors.Is(err, ecoauth.Retry), "error %v", err)
		}
	}
	response, err := account.Request(limited(t), "GET", summary, nil, "")
	must(t, err)
	expect(t, response.HTTPStatus == 200, "HTTP %d", response.HTTPStatus)
	expect(t, own() == before && !signal.Ignored(syscall.SIGPIPE), "the mask or the disposition has changed")
	proven(t, "sigpipe")
}

func TestThrown(t *testing.T) {
	sandbox, store := startSandbox(t, "--auto-approve", "0"), newMapStore()
	var mutex sync.Mutex
	var logged bytes.Buffer
	client, account := open(t, sandbox, func(options *ecoauth.Options) {
		options.Store = ecoauth.OwnStore(store)
		options.ErrorLog = log.New(lockedWriter{&mutex, &logged}, "", 0)
		options.OnEvent = func(ecoauth.Event) { panic("from a handler") }
	})
	must(t, account.AuthorizePin(limited(t)))
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		mutex.Lock()
		said := logged.String()
		mutex.Unlock()
		if strings.Contains(said, "from a handler") {
			break
		}
		expect(t, time.Now().Before(end), "not logged")
	}
	must(t, client.Close())

	gone := errors.New("the disk has gone")
	broken := func(disturb func() error) error {
		store.disturb = disturb
		client, account := open(t, sandbox, func(options *ecoauth.Options) { options.Store = ecoauth.OwnStore(store) })
		ctx, stop := context.WithTimeout(context.Background(), 2*time.Second)
		defer stop()
		_, err := account.Token(ctx)
		must(t, client.Close())
		return err
	}
	err := broken(func() error { return gone })
	expect(t, errors.Is(err, gone) && errors.Is(err, ecoauth.Callback) && errors.Is(err, ecoauth.FixStorage), "error %v", err)
	expect(t, strings.HasSuffix(err.Error(), ": the disk has gone"), "a log shows %v", err)
	err = broken(func() error { panic("a panic in a store") })
	expect(t, errors.Is(err, ecoauth.FixStorage) && strings.Contains(errors.Unwrap(err).Error(), "a panic in a store"), "error %v", err)
	err = broken(func() error { return fmt.Errorf("busy: %w", ecoauth.ErrRetryLater) })
	expect(t, err != nil, "a store that failed for now gave a token")
	expect(t, broken(nil) == nil, "it was lost")
	proven(t, "thrown")
}

type lockedWriter struct {
	mutex  *sync.Mutex
	buffer *bytes.Buffer
}

func (w lockedWriter) Write(data []byte) (int, error) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.buffer.Write(data)
}

func TestClosed(t *testing.T) {
	sandbox, pins := startSandbox(t), make(chan ecoauth.Pin, 10)
	client, account := open(t, sandbox, func(options *ecoauth.Options) { options.OnPin = func(pin ecoauth.Pin) { pins <- pin } })
	ended, err := client.Account("ended")
	must(t, err)
	done := make(chan error, 1)
	go func() { done <- account.AuthorizePin(limited(t)) }()
	await(t, pins)
	must(t, client.Close())
	err = await(t, done)
	expect(t, errors.Is(err, ecoauth.Cancelled) || errors.Is(err, ecoauth.Closed), "error %v", err)
	must(t, client.Close())
	must(t, ended.Close())
	must(t, ended.Close())
	for name, use := range map[string]func() error{
		"token":         func() error { _, err := account.Token(limited(t)); return err },
		"status":        func() error { _, err := account.Status(); return err },
		"ended token":   func() error { _, err := ended.Token(limited(t)); return err },
		"ended status":  func() error { _, err := ended.Status(); return err },
		"account":       func() error { _, err := client.Account(""); return err },
		"accounts":      func() error { _, err := client.Accounts(limited(t)); return err },
		"quiesce":       func() error { return client.Quiesce(limited(t)) },
		"ended refresh": func() error { return ended.Refresh(limited(t)) },
	} {
		err := use()
		expect(t, errors.Is(err, ecoauth.Closed) && errors.Is(err, net.ErrClosed), "%s: %v", name, err)
	}
	_, _, found := ended.TokenInMemory()
	expect(t, !found && ended.Generation() == 0, "a closed account has a token")

	// Closed while many goroutines use it.
	busy := startSandbox(t, "--auto-approve", "0")
	for run := 0; run < 20; run++ {
		client, account := open(t, busy, nil)
		var users sync.WaitGroup
		for user := 0; user < 4; user++ {
			users.Add(1)
			go func() {
				defer users.Done()
				for {
					_, err := account.Status()
					_, _ = account.Token(limited(t))
					_, _, _ = account.TokenInMemory()
					if other, err := client.Account("x"); err == nil {
						_ = other.Close()
					}
					if errors.Is(err, ecoauth.Closed) {
						return
					}
				}
			}()
		}
		time.Sleep(10 * time.Millisecond)
		must(t, client.Close())
		users.Wait()
	}
	proven(t, "closed")
}

func TestClosedByHandlerAndStore(t *testing.T) {
	sandbox := startSandbox(t, "--auto-approve", "0")
	made := make(chan *ecoauth.Client, 1)
	client, account := open(t, sandbox, func(options *ecoauth.Options) {
		options.OnPin = func(ecoauth.Pin) { _ = (<-made).Close() }
	})
	made <- client
	err := account.AuthorizePin(limited(t))
	expect(t, err == nil || errors.Is(err, ecoauth.Cancelled) || errors.Is(err, ecoauth.Closed), "error %v", err)

	// Waiting inside a store's method is refused, by its context.
	waiting := &waitingStore{mapStore: newMapStore(), codes: make(chan error, 100)}
	_, second := open(t, sandbox, func(options *ecoauth.Options) { options.Store = ecoauth.OwnStore(waiting) })
	waiting.account = second
	must(t, second.AuthorizePin(limited(t)))
	expect(t, errors.Is(await(t, waiting.codes), ecoauth.Reentrant), "not refused")
}

type waitingStore struct {
	*mapStore
	account *ecoauth.Account
	codes   chan error
}

func (s *waitingStore) Save(ctx context.Context, key string, expectedSeq int64, record []byte, newSeq int64) (bool, error) {
	_, err := s.account.Token(ctx)
	s.codes <- err
	return s.mapStore.Save(ctx, key, expectedSeq, record, newSeq)
}

func entries(t *testing.T, folder string) int {
	t.Helper()
	found, err := os.ReadDir(folder)
	must(t, err)
	return len(found)
}

func residentBytes(t *testing.T) int {
	t.Helper()
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	must(t, err)
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	must(t, err)
	return pages * os.Getpagesize()
}

// fewGoroutines waits for those that are at their last line.
func fewGoroutines(t *testing.T, most int) {
	t.Helper()
	for end := time.Now().Add(patience); runtime.NumGoroutine() > most; time.Sleep(10 * time.Millisecond) {
		expect(t, time.Now().Before(end), "goroutines: %d, then %d", most, runtime.NumGoroutine())
	}
}

func TestReopened(t *testing.T) {
	var memory, descriptors, threads, goroutines int
	for run := 0; run < 10000; run++ {
		if run == 1000 {
			memory, descriptors, threads = residentBytes(t), entries(t, "/proc/self/fd"), entries(t, "/proc/self/task")
			goroutines = runtime.NumGoroutine()
		}
		client, err := ecoauth.New(ecoauth.Options{Store: ecoauth.OwnStore(newMapStore()), ClientID: clientID, OnPin: func(ecoauth.Pin) {}})
		must(t, err)
		account, err := client.Account("")
		must(t, err)
		_, err = account.Status()
		must(t, err)
		must(t, account.Close())
		must(t, client.Close())
	}
	grown := residentBytes(t) - memory
	fmt.Printf("grown by %d KiB over 9,000 clients\n", grown/1024)
	expect(t, grown < 8<<20, "grown by %d bytes", grown)
	expect(t, entries(t, "/proc/self/fd") == descriptors, "descriptors")
	// Go itself keeps threads; how many is its own affair, as long as it is not one for each client.
	expect(t, entries(t, "/proc/self/task") <= threads+runtime.GOMAXPROCS(0), "threads: %d, then %d", threads, entries(t, "/proc/self/task"))
	fewGoroutines(t, goroutines)
	proven(t, "reopen")
}

// The same, fewer times, with operations: each has a reader and a socket.
func TestReopenedWithReaders(t *testing.T) {
	sandbox := startSandbox(t, "--auto-approve", "0")
	before, goroutines := entries(t, "/proc/self/fd"), runtime.NumGoroutine()
	for run := 0; run < 12; run++ {
		client, err := ecoauth.New(ecoauth.Options{Store: ecoauth.MemoryStore(), ClientID: clientID, BaseURL: sandbox.url})
		must(t, err)
		account, err := client.Account("")
		must(t, err)
		must(t, account.AuthorizePin(limited(t)))
		must(t, client.Close())
	}
	expect(t, entries(t, "/proc/self/fd") <= before+2, "descriptors: %d, then %d", before, entries(t, "/proc/self/fd"))
	fewGoroutines(t, goroutines)
	fmt.Printf("\nscenario teardown: not applicable: no isolates\n")
}
