package ecoauth

// #include "bridge.h"
import "C"

import (
	"context"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"time"
	"unsafe"
)

// Flow is a way of authorizing by a browser.
type Flow int32

// The flows of <ecoauth/account.h>.
const (
	FlowCode     Flow = 1
	FlowCodePKCE Flow = 2
	FlowUtility  Flow = 3
)

// Account is one user's grant under a name. It may be closed before or after its client.
type Account struct {
	client *Client
	mutex  sync.RWMutex
	handle *C.ecoauth_account
}

func newAccount(client *Client, handle *C.ecoauth_account) *Account {
	account := &Account{client: client, handle: handle}
	runtime.SetFinalizer(account, func(forgotten *Account) { _ = forgotten.Close() })
	return account
}

// Close ends the handle; the grant and running calls are not touched. Closing again does nothing. It always returns nil.
func (a *Account) Close() error {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	runtime.SetFinalizer(a, nil)
	C.ecoauth_account_close(a.handle)
	a.handle = nil
	return nil
}

// call makes one call that does not wait.
func (a *Account) call(function func(account *C.ecoauth_account, failure **C.ecoauth_error) C.int32_t) (C.int32_t, error) {
	a.mutex.RLock()
	defer a.mutex.RUnlock()
	if a.handle == nil {
		return C.ECOAUTH_ERROR_CLOSED, closedError()
	}
	var failure *C.ecoauth_error
	result := function(a.handle, &failure)
	if err := takeError(result, failure); err != nil {
		return result, err
	}
	return result, nil
}

type begin func(account *C.ecoauth_account, operation *C.int64_t, failure **C.ecoauth_error) C.int32_t

func (a *Account) run(ctx context.Context, function begin) (completion, error) {
	defer runtime.KeepAlive(a)
	return a.client.core.run(ctx, func(operation *C.int64_t, failure **C.ecoauth_error) C.int32_t {
		a.mutex.RLock()
		defer a.mutex.RUnlock()
		if a.handle == nil {
			return C.ECOAUTH_ERROR_CLOSED
		}
		return function(a.handle, operation, failure)
	})
}

func (a *Account) runText(ctx context.Context, text, name string, function func(account *C.ecoauth_account, text *C.char,
	operation *C.int64_t, failure **C.ecoauth_error) C.int32_t) (completion, error) {
	converted, err := cText(text, name)
	if err != nil {
		return completion{}, err
	}
	defer C.ecoauth_go_wipe_and_free(converted)
	return a.run(ctx, func(account *C.ecoauth_account, operation *C.int64_t, failure **C.ecoauth_error) C.int32_t {
		return function(account, converted, operation, failure)
	})
}

// AuthorizePin gets a PIN, hands it to Options.OnPin, waits until the user has approved it, and saves the tokens. When the context
// ends the PIN stays valid, and the next call shows it again.
func (a *Account) AuthorizePin(ctx context.Context) error {
	_, err := a.run(ctx, func(account *C.ecoauth_account, operation *C.int64_t, failure **C.ecoauth_error) C.int32_t {
		return C.ecoauth_account_authorize_pin_start(account, operation, failure)
	})
	return err
}

// CheckNow says that the user says "done": the server is asked as soon as it allows.
func (a *Account) CheckNow() error {
	_, err := a.call(func(account *C.ecoauth_account, failure **C.ecoauth_error) C.int32_t {
		return C.ecoauth_account_check_now(account, failure)
	})
	return err
}

// AuthorizeURL is the address to open in a browser.
func (a *Account) AuthorizeURL(ctx context.Context, flow Flow, redirectURI string) (string, error) {
	ended, err := a.runText(ctx, redirectURI, "the redirect URI", func(account *C.ecoauth_account, text *C.char,
		operation *C.int64_t, failure **C.ecoauth_error) C.int32_t {
		return C.ecoauth_account_authorize_url_start(account, C.int32_t(flow), text, operation, failure)
	})
	return ended.text, err
}

// CompleteRedirect takes the whole address to which the browser was sent back.
func (a *Account) CompleteRedirect(ctx context.Context, redirectedURL string) error {
	_, err := a.runText(ctx, redirectedURL, "the address", func(account *C.ecoauth_account, text *C.char, operation *C.int64_t,
		failure **C.ecoauth_error) C.int32_t {
		return C.ecoauth_account_complete_redirect_start(account, text, operation, failure)
	})
	return err
}

// Token is an access token, refreshed when needed.
func (a *Account) Token(ctx context.Context) (Token, error) { return a.TokenValidFor(ctx, 0) }

// TokenValidFor is one that is valid for at least so long.
func (a *Account) TokenValidFor(ctx context.Context, least time.Duration) (Token, error) {
	ended, err := a.run(ctx, func(account *C.ecoauth_account, operation *C.int64_t, failure **C.ecoauth_error) C.int32_t {
		return C.ecoauth_account_get_token_start(account, C.int64_t(least.Milliseconds()), operation, failure)
	})
	return ended.token, err
}

// TokenInMemory is the access token in memory, if there is one that has not expired; for hot paths. It never refreshes.
func (a *Account) TokenInMemory() (token string, generation int64, found bool) {
	buffer := make([]byte, 2048)
	for {
		var needed C.size_t
		var counted C.int64_t
		result, err := a.call(func(account *C.ecoauth_account, _ **C.ecoauth_error) C.int32_t {
			return C.ecoauth_account_copy_token(account, (*C.char)(unsafe.Pointer(&buffer[0])), C.size_t(len(buffer)), &needed, &counted)
		})
		if Code(result) == BufferTooSmall {
			buffer = make([]byte, needed)
			continue
		}
		if err != nil {
			return "", 0, false
		}
		return C.GoString((*C.char)(unsafe.Pointer(&buffer[0]))), int64(counted), true
	}
}

// Generation counts the token pairs: whether it has changed. 0 without one, and after Close.
func (a *Account) Generation() int64 {
	a.mutex.RLock()
	defer a.mutex.RUnlock()
	if generation := C.ecoauth_account_generation(a.handle); generation > 0 {
		return int64(generation)
	}
	return 0
}

// ReportRejected says that the API refused the token of this generation: it is refreshed before it is handed out again. True when
// there is a newer one already.
func (a *Account) ReportRejected(generation int64) (newer bool, err error) {
	result, err := a.call(func(account *C.ecoauth_account, failure **C.ecoauth_error) C.int32_t {
		return C.ecoauth_account_report_rejected(account, C.int64_t(generation), failure)
	})
	return Code(result) == AlreadyDone, err
}

// Refresh refreshes now, within the limits of one in 60 s and six in an hour.
func (a *Account) Refresh(ctx context.Context) error {
	_, err := a.run(ctx, func(account *C.ecoauth_account, operation *C.int64_t, failure **C.ecoauth_error) C.int32_t {
		return C.ecoauth_account_refresh_start(account, operation, failure)
	})
	return err
}

// Request makes an authorized request of the API; target is path and query. An empty contentType is JSON. A refused token is
// refreshed and the request repeated once. Any answer of the API is a success.
func (a *Account) Request(ctx context.Context, method, target string, body []byte, contentType string) (*Response, error) {
	return a.RequestWith(ctx, method, target, body, RequestOptions{ContentType: contentType})
}

// RequestOptions are what a request may have beside its usual parts.
type RequestOptions struct {
	ContentType      string      // empty: JSON
	Header           http.Header // none that the library sends itself
	MaxResponseBytes int64       // up to 64 MiB; 0: 4 MiB
}

// RequestWith is Request with headers of the program's, and with another limit of the answer.
func (a *Account) RequestWith(ctx context.Context, method, target string, body []byte, options RequestOptions) (*Response, error) {
	headers, err := headerLines(options.Header)
	if err != nil {
		return nil, err
	}
	var texts [4]*C.char
	for index, text := range []string{method, target, headers, options.ContentType} {
		if text == "" && index >= 2 {
			continue
		}
		converted, err := cText(text, "the request")
		if err != nil {
			return nil, err
		}
		defer C.ecoauth_go_wipe_and_free(converted)
		texts[index] = converted
	}
	ended, err := a.run(ctx, func(account *C.ecoauth_account, operation *C.int64_t, failure **C.ecoauth_error) C.int32_t {
		data, size := bytesOf(body)
		return C.ecoauth_account_request_with_start(account, texts[0], texts[1], texts[2], data, size, texts[3],
			C.int64_t(options.MaxResponseBytes), operation, failure)
	})
	return ended.response, err
}

// headerLines refuses line feeds: one in a value would begin a header of its own.
func headerLines(header http.Header) (string, error) {
	var lines strings.Builder
	for name, values := range header {
		for _, value := range values {
			if strings.Contains(name+value, "\n") {
				return "", makeError(InvalidArgument, FixConfig, "a header holds a line feed")
			}
			lines.WriteString(name + ": " + value + "\n")
		}
	}
	return lines.String(), nil
}

// Import brings a refresh token from elsewhere under the library's care. Whoever had it must not use it any more.
func (a *Account) Import(ctx context.Context, refreshToken string) error {
	_, err := a.runText(ctx, refreshToken, "the refresh token", func(account *C.ecoauth_account, text *C.char,
		operation *C.int64_t, failure **C.ecoauth_error) C.int32_t {
		return C.ecoauth_account_import_start(account, text, operation, failure)
	})
	return err
}

// SignOut forgets the grant and any pending authorization, on disk too; false when there was nothing.
func (a *Account) SignOut(ctx context.Context) (something bool, err error) {
	ended, err := a.run(ctx, func(account *C.ecoauth_account, operation *C.int64_t, failure **C.ecoauth_error) C.int32_t {
		return C.ecoauth_account_sign_out_start(account, operation, failure)
	})
	return err == nil && ended.result != AlreadyDone, err
}

// Status is what the account looks like, as far as it is known in memory; WaitForChange with 0 has the store read first.
func (a *Account) Status() (Status, error) {
	var status *C.ecoauth_status
	if _, err := a.call(func(account *C.ecoauth_account, failure **C.ecoauth_error) C.int32_t {
		return C.ecoauth_account_status(account, &status, failure)
	}); err != nil {
		return Status{}, err
	}
	defer C.ecoauth_status_free(status)
	return copyStatus(status), nil
}

// LastError is the account's most recent failure; nil when there is none.
func (a *Account) LastError() error {
	a.mutex.RLock()
	defer a.mutex.RUnlock()
	if a.handle == nil {
		return closedError()
	}
	var failure *C.ecoauth_error
	result := C.ecoauth_account_last_error(a.handle, &failure)
	if Code(result) == NotFound {
		return nil
	}
	defer C.ecoauth_error_free(failure)
	return copyError(result, failure)
}

// WaitForChange waits until the status has another revision than this one; with 0, until the store has been read.
func (a *Account) WaitForChange(ctx context.Context, seenRevision int64) error {
	_, err := a.run(ctx, func(account *C.ecoauth_account, operation *C.int64_t, failure **C.ecoauth_error) C.int32_t {
		return C.ecoauth_account_wait_start(account, C.int64_t(seenRevision), operation, failure)
	})
	return err
}
