// Package ecoauth keeps the right to talk to a user's ecobee thermostats: PIN authorization, token storage shared safely between
// processes, refresh in time. It is a thin layer over the C library of the same name, found by pkg-config.
//
// Clients and accounts may be used from any goroutine. Every call that waits takes a context first; when that ends the call ends,
// and what a server still sends is saved all the same.
package ecoauth

// #cgo pkg-config: ecoauth
// #cgo LDFLAGS: -pthread
// #include "bridge.h"
import "C"

import (
	"context"
	"log"
	"os"
	"runtime"
	"sync"
	"time"
	"unsafe"
)

// Client is one application: client id, server, store. It must be closed.
type Client struct{ core *core }

// core is what goroutines of the client hold: a Client that the program has forgotten can be collected, and is closed then.
type core struct {
	mutex    sync.Mutex
	returned *sync.Cond
	client   *C.ecoauth_client
	closed   bool
	borrowed int // calls that use the pointer and may wait
	pending  map[int64]chan completion
	wakeup   *os.File      // nil until the first operation
	read     chan struct{} // closed when the reader has ended
	end      sync.Once
	thrown   *lastError
	handlers handlers
}

// completion is what a COMPLETED event brings.
type completion struct {
	result   Code
	err      *Error
	token    Token
	response *Response
	text     string
}

// New makes a client. Nothing is started, opened or sent yet.
func New(options Options) (*Client, error) {
	built, thrown, err := options.build()
	if err != nil {
		return nil, err
	}
	var client *C.ecoauth_client
	var failure *C.ecoauth_error
	if err := takeError(C.ecoauth_client_new(built, &client, &failure), failure); err != nil {
		return nil, err
	}
	made := &core{client: client, pending: map[int64]chan completion{}, read: make(chan struct{}), thrown: thrown,
		handlers: handlers{onPin: options.OnPin, onEvent: options.OnEvent, log: options.ErrorLog}}
	made.returned = sync.NewCond(&made.mutex)
	if made.handlers.log == nil {
		made.handlers.log = log.Default()
	}
	outer := &Client{made}
	runtime.SetFinalizer(outer, func(forgotten *Client) { go forgotten.core.close() })
	return outer, nil
}

// Close ends the client: running exchanges may finish and are saved, bounded by the shutdown time-out. Calls that wait end with
// Cancelled or Closed. It does not wait for handlers. Closing again does nothing. It always returns nil.
func (c *Client) Close() error {
	c.core.close()
	runtime.SetFinalizer(c, nil)
	return nil
}

// Account opens a handle on the account of this name; "" is "default".
func (c *Client) Account(name string) (*Account, error) {
	defer runtime.KeepAlive(c)
	if name == "" {
		name = "default"
	}
	key, err := cText(name, "the account's name")
	if err != nil {
		return nil, err
	}
	defer C.ecoauth_go_wipe_and_free(key)
	client, giveBack, err := c.core.borrow()
	if err != nil {
		return nil, err
	}
	defer giveBack()
	var account *C.ecoauth_account
	var failure *C.ecoauth_error
	if err := takeError(C.ecoauth_account_open(client, key, &account, &failure), failure); err != nil {
		return nil, err
	}
	return newAccount(c, account), nil
}

// Accounts are the names of the accounts that the store has records of.
func (c *Client) Accounts(ctx context.Context) (names []string, err error) {
	defer runtime.KeepAlive(c)
	err = c.core.aside(ctx, func(client *C.ecoauth_client, timeout C.int64_t) *Error {
		var list *C.ecoauth_account_list
		var failure *C.ecoauth_error
		if err := takeError(C.ecoauth_client_accounts(client, timeout, &list, &failure), failure); err != nil {
			return err
		}
		defer C.ecoauth_account_list_free(list)
		found := make([]string, C.ecoauth_account_list_size(list))
		for index := range found {
			found[index] = C.GoString(C.ecoauth_account_list_key(list, C.size_t(index)))
		}
		names = found
		return nil
	})
	if err != nil {
		return nil, err
	}
	return names, nil
}

// Quiesce starts nothing new from now on, and waits until running exchanges have finished and everything is saved.
func (c *Client) Quiesce(ctx context.Context) error {
	defer runtime.KeepAlive(c)
	return c.core.aside(ctx, func(client *C.ecoauth_client, timeout C.int64_t) *Error {
		var failure *C.ecoauth_error
		return takeError(C.ecoauth_client_quiesce(client, timeout, &failure), failure)
	})
}

// Version is the loaded library's.
func Version() string { return C.GoString(C.ecoauth_version_string()) }

// HasFeature says whether the loaded library can do this (<ecoauth/runtime.h>).
func HasFeature(name string) bool {
	converted, err := cText(name, "the feature")
	if err != nil {
		return false
	}
	defer C.ecoauth_go_wipe_and_free(converted)
	return C.ecoauth_has_feature(converted) == 1
}

// RuntimeInfo says what the library runs on, for bug reports: "poco", "openssl", "openssl-file" ...
func RuntimeInfo(what string) string {
	converted, err := cText(what, "the name")
	if err != nil {
		return ""
	}
	defer C.ecoauth_go_wipe_and_free(converted)
	return C.GoString(C.ecoauth_runtime_info(converted))
}

// borrow gives the pointer for one call; the client is not freed before it is given back.
func (c *core) borrow() (*C.ecoauth_client, func(), error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.closed {
		return nil, nil, closedError()
	}
	c.borrowed++
	return c.client, func() {
		c.mutex.Lock()
		defer c.mutex.Unlock()
		c.borrowed--
		c.returned.Broadcast()
	}, nil
}

// aside makes a call of the library that blocks. When the context ends it is left alone, to end by itself.
func (c *core) aside(ctx context.Context, function func(*C.ecoauth_client, C.int64_t) *Error) error {
	if err := refuse(ctx); err != nil {
		return err
	}
	client, giveBack, err := c.borrow()
	if err != nil {
		return err
	}
	done := make(chan *Error, 1)
	timeout := remaining(ctx)
	go func() {
		defer giveBack()
		done <- function(client, timeout)
	}()
	select {
	case failure := <-done:
		if failure == nil {
			return nil
		}
		return c.thrown.explain(failure)
	case <-ctx.Done():
		return contextError(ctx)
	}
}

// start begins an operation. It ends in the channel, or with the client.
func (c *core) start(begin func(operation *C.int64_t, failure **C.ecoauth_error) C.int32_t) (int64, chan completion, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.closed {
		return 0, nil, closedError()
	}
	if c.wakeup == nil {
		if err := c.startReader(); err != nil {
			return 0, nil, err
		}
	}
	var operation C.int64_t
	var failure *C.ecoauth_error
	if err := takeError(begin(&operation, &failure), failure); err != nil {
		return 0, nil, c.thrown.explain(err)
	}
	done := make(chan completion, 1)
	c.pending[int64(operation)] = done
	return int64(operation), done, nil
}

// run begins an operation and waits for its end, or for the context's.
func (c *core) run(ctx context.Context, begin func(operation *C.int64_t, failure **C.ecoauth_error) C.int32_t) (completion, error) {
	if err := refuse(ctx); err != nil {
		return completion{}, err
	}
	operation, done, err := c.start(begin)
	if err != nil {
		return completion{}, err
	}
	var ended completion
	select {
	case ended = <-done:
	case <-ctx.Done():
		c.cancel(operation)
		ended = <-done
		if ended.result == Cancelled {
			return completion{}, contextError(ctx)
		}
	}
	if ended.err != nil {
		return completion{}, c.thrown.explain(ended.err)
	}
	return ended, nil
}

func (c *core) cancel(operation int64) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.client != nil {
		C.ecoauth_client_cancel(c.client, C.int64_t(operation))
	}
}

// startReader is called with the lock held. The reader waits in Go's own poller, not in a thread.
func (c *core) startReader() error {
	var fd C.int32_t
	var failure *C.ecoauth_error
	if err := takeError(C.ecoauth_client_wakeup_fd(c.client, &fd, &failure), failure); err != nil {
		return err
	}
	c.wakeup = os.NewFile(uintptr(fd), "ecoauth")
	go c.readEvents(c.client, c.wakeup)
	return nil
}

func (c *core) readEvents(client *C.ecoauth_client, wakeup *os.File) {
	defer close(c.read)
	defer wakeup.Close()
	buffer := make([]byte, 64)
	for {
		for {
			var event *C.ecoauth_event
			if C.ecoauth_client_next_event(client, 0, &event, nil) < 0 {
				break
			}
			kind := C.ecoauth_event_kind(event)
			c.handle(event)
			C.ecoauth_event_free(event)
			if kind == C.ECOAUTH_EVENT_CLOSED {
				return
			}
		}
		if _, err := wakeup.Read(buffer); err != nil {
			return
		}
	}
}

func (c *core) handle(event *C.ecoauth_event) {
	if kind := EventKind(C.ecoauth_event_kind(event)); kind != EventCompleted {
		if kind >= EventPin && kind <= EventClosed {
			c.handlers.add(copyEvent(event))
		}
		return
	}
	result := C.ecoauth_event_result(event)
	ended := completion{result: Code(result), text: C.GoString(C.ecoauth_event_text(event))}
	if result < 0 {
		ended.err = copyError(result, C.ecoauth_event_error(event))
	}
	if token := C.ecoauth_event_token(event); token != nil {
		ended.token = copyToken(token, result)
	}
	if response := C.ecoauth_event_response(event); response != nil {
		ended.response = copyResponse(response)
	}
	operation := int64(C.ecoauth_event_operation(event))
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if done := c.pending[operation]; done != nil {
		delete(c.pending, operation)
		done <- ended
	}
}

func (c *core) close() {
	c.end.Do(func() {
		c.mutex.Lock()
		c.closed = true
		reading := c.wakeup != nil
		c.mutex.Unlock()
		C.ecoauth_client_close_start(c.client, nil)
		if reading {
			<-c.read
		}
		c.mutex.Lock()
		for c.borrowed > 0 {
			c.returned.Wait()
		}
		client := c.client
		c.client = nil
		for operation, done := range c.pending {
			delete(c.pending, operation)
			done <- completion{result: Closed, err: closedError()}
		}
		c.mutex.Unlock()
		C.ecoauth_client_free(client)
	})
}

// refuse tells of contexts with which nothing can be waited for: one that has ended, and that of a store's method.
func refuse(ctx context.Context) error {
	if ctx.Value(insideKey{}) != nil {
		return makeError(Reentrant, FixConfig, "a call that waits was made from inside a store's method")
	}
	if ctx.Err() != nil {
		return contextError(ctx)
	}
	return nil
}

func contextError(ctx context.Context) error {
	failure := makeError(Cancelled, NoAction, "the call was cancelled")
	if ctx.Err() == context.DeadlineExceeded {
		failure = makeError(TimedOut, Retry, "the time given to the call is over")
	}
	failure.cause = ctx.Err()
	return failure
}

func bytesOf(data []byte) (unsafe.Pointer, C.size_t) {
	if len(data) == 0 {
		return nil, 0
	}
	return unsafe.Pointer(&data[0]), C.size_t(len(data))
}

// remaining is the context's time in the library's words.
func remaining(ctx context.Context) C.int64_t {
	end, limited := ctx.Deadline()
	if !limited {
		return C.ECOAUTH_WAIT_FOREVER
	}
	if left := time.Until(end); left > 0 {
		return C.int64_t(left.Milliseconds())
	}
	return 0
}
