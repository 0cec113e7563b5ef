package ecoauth

// #include <ecoauth/ecoauth.h>
import "C"

import (
	"context"
	"net"
	"time"
)

// Code is a result code. It is an error itself, for errors.Is(err, ecoauth.PinExpired).
type Code int32

// The codes of <ecoauth/error.h>, where they are explained. Later libraries may add some.
const (
	OK                 Code = 0
	AlreadyDone        Code = 1
	Pending            Code = 2
	UnsavedButUsable   Code = 3
	InvalidArgument    Code = -1
	WrongState         Code = -2
	NoMemory           Code = -3
	Internal           Code = -4
	Cancelled          Code = -5 // also context.Canceled
	TimedOut           Code = -6 // also context.DeadlineExceeded
	Reentrant          Code = -7
	Forked             Code = -8
	Closed             Code = -9 // also net.ErrClosed
	Unsupported        Code = -10
	NotFound           Code = -11
	BufferTooSmall     Code = -12
	NeedsAuthorization Code = -100
	PinExpired         Code = -101
	Declined           Code = -102
	InvalidClient      Code = -103
	UnauthorizedClient Code = -104
	Scope              Code = -105
	Rejected           Code = -106
	AccountLocked      Code = -107
	AccountDisabled    Code = -108
	Server             Code = -109
	RateLimited        Code = -110
	Revoked            Code = -111
	Protocol           Code = -112
	Network            Code = -200
	TLS                Code = -201
	Clock              Code = -202
	Callback           Code = -300
	StoreFailed        Code = -301
	StorePermission    Code = -302
	StoreLocked        Code = -303
	StoreCorrupt       Code = -304
	StoreNewer         Code = -305
	StoreForeign       Code = -306
	Unsaved            Code = -307
)

// Action is what a program can do about an error. It is an error itself, for errors.Is(err, ecoauth.Reauthorize).
type Action int32

// The actions of <ecoauth/error.h>. An unknown one of a later library is UserAction.
const (
	NoAction    Action = 0
	Wait        Action = 1 // go on waiting; the library does it by itself
	Retry       Action = 2 // try again, not before RetryAfter
	Reauthorize Action = 3 // a person must authorize again
	UserAction  Action = 4 // a person must do what Advice says
	FixConfig   Action = 5 // the configuration is wrong
	FixStorage  Action = 6 // the store needs attention
	Bug         Action = 7 // a defect: report it
)

// String is the code's name, "PIN_EXPIRED"; "UNKNOWN" for one of a later library.
func (c Code) String() string { return C.GoString(C.ecoauth_result_name(C.int32_t(c))) }

func (c Code) Error() string { return "ecoauth: " + c.String() }

// String is the action's name, "REAUTHORIZE"; "UNKNOWN" for one of a later library.
func (a Action) String() string { return C.GoString(C.ecoauth_action_name(C.int32_t(a))) }

func (a Action) Error() string { return "ecoauth: " + a.String() }

func knownAction(number int32) Action {
	if number < int32(NoAction) || number > int32(Bug) {
		return UserAction
	}
	return Action(number)
}

// Error is a failed call, explained. errors.Is knows it by its Code and its Action, and by the words that Go has for the same:
// context.Canceled, context.DeadlineExceeded and net.ErrClosed. What a store of the program has returned is wrapped by it.
type Error struct {
	Code                                   Code
	Action                                 Action
	Message                                string
	Advice                                 string        // for a person
	RetryAfter                             time.Duration // 0 when there is nothing to wait for
	OAuthError, OAuthDescription, OAuthURI string        // as the server sent them
	HTTPStatus                             int           // 0 when no answer was received
	APIStatus                              int           // -1 when there was none

	cause error
}

func (e *Error) Error() string {
	if e.Action == FixStorage && e.cause != nil { // of a store of the program
		return "ecoauth: " + e.Message + ": " + e.cause.Error()
	}
	return "ecoauth: " + e.Message
}

// Unwrap gives what a store or a context has returned.
func (e *Error) Unwrap() error { return e.cause }

// Is serves errors.Is.
func (e *Error) Is(target error) bool {
	switch target {
	case context.Canceled:
		return e.Code == Cancelled
	case context.DeadlineExceeded:
		return e.Code == TimedOut
	case net.ErrClosed:
		return e.Code == Closed
	}
	switch target := target.(type) {
	case Code:
		return e.Code == target
	case Action:
		return e.Action == target
	}
	return false
}

// Timeout makes it a net.Error's equal.
func (e *Error) Timeout() bool { return e.Code == TimedOut }

func makeError(code Code, action Action, message string) *Error {
	return &Error{Code: code, Action: action, Message: message, APIStatus: -1}
}

func closedError() *Error {
	return makeError(Closed, FixConfig, "the client or account has been closed")
}

// copyError reads the library's error and leaves it alone; there may be none when memory was short.
func copyError(result C.int32_t, given *C.ecoauth_error) *Error {
	if given == nil {
		return makeError(Code(result), NoAction, Code(result).String())
	}
	return &Error{
		Code:             Code(C.ecoauth_error_code(given)),
		Action:           knownAction(int32(C.ecoauth_error_action(given))),
		Message:          C.GoString(C.ecoauth_error_message(given)),
		Advice:           C.GoString(C.ecoauth_error_advice(given)),
		RetryAfter:       milliseconds(C.ecoauth_error_retry_after_ms(given)),
		OAuthError:       C.GoString(C.ecoauth_error_oauth_error(given)),
		OAuthDescription: C.GoString(C.ecoauth_error_oauth_description(given)),
		OAuthURI:         C.GoString(C.ecoauth_error_oauth_uri(given)),
		HTTPStatus:       int(C.ecoauth_error_http_status(given)),
		APIStatus:        int(C.ecoauth_error_api_status(given)),
	}
}

// takeError reads it and releases it; nil for a success.
func takeError(result C.int32_t, given *C.ecoauth_error) *Error {
	if result >= 0 {
		return nil
	}
	defer C.ecoauth_error_free(given)
	return copyError(result, given)
}
