package ecoauth

// #include <ecoauth/ecoauth.h>
import "C"

import (
	"fmt"
	"time"
	"unsafe"
)

// GrantState says how a grant is.
type GrantState int32

// The states of <ecoauth/status.h>. An unknown one of a later library is GrantSuspect.
const (
	GrantNone                 GrantState = 0
	GrantActive               GrantState = 1
	GrantSuspect              GrantState = 2
	GrantNeedsReauthorization GrantState = 3
	GrantBlocked              GrantState = 4
)

func (s GrantState) String() string { return C.GoString(C.ecoauth_state_name(C.int32_t(s))) }

func knownState(number C.int32_t) GrantState {
	if number < 0 || number > C.int32_t(GrantBlocked) {
		return GrantSuspect
	}
	return GrantState(number)
}

// Flags are combined by |; later libraries may add some.
type Flags int32

// The flags of <ecoauth/status.h>.
const (
	FlagAuthorizing  Flags = 1
	FlagRefreshing   Flags = 2
	FlagAmbiguous    Flags = 4
	FlagUnsaved      Flags = 8
	FlagDegraded     Flags = 16
	FlagClockSuspect Flags = 32
)

// EventKind says what happened.
type EventKind int32

// The kinds of <ecoauth/event.h>. Handlers do not get EventCompleted, which is what the calls return, nor unknown ones.
const (
	EventPin       EventKind = 1
	EventProgress  EventKind = 2
	EventState     EventKind = 3
	EventToken     EventKind = 4
	EventCompleted EventKind = 5
	EventLog       EventKind = 6
	EventUnsaved   EventKind = 7
	EventClosed    EventKind = 8
)

// LogLevel is up to which level log lines are made.
type LogLevel int32

// The levels of <ecoauth/event.h>.
const (
	LogNone    LogLevel = 0
	LogError   LogLevel = 1
	LogWarning LogLevel = 2
	LogInfo    LogLevel = 3
	LogDebug   LogLevel = 4
	LogTrace   LogLevel = 5
)

// secret keeps a text out of every way of printing the value that holds it: what is printed is an address.
type secret struct{ text *string }

func hide(text string) secret { return secret{&text} }

func (s secret) reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Pin is what to show to the user, exactly as it is.
type Pin struct {
	Account         string
	VerificationURL string
	Remaining       time.Duration // until it expires
	Scope           string
	pin             secret
}

// PIN is the PIN itself, for a person's eyes.
func (p Pin) PIN() string { return p.pin.reveal() }

// Token is an access token. Printing it shows nothing of it.
type Token struct {
	Generation int64         // for Account.ReportRejected
	ValidFor   time.Duration // when it was handed out
	Scope      string
	Saved      bool // false while the newest token pair could not be saved yet
	access     secret
	received   time.Time
}

// AccessToken is the token itself.
func (t Token) AccessToken() string { return t.access.reveal() }

// AuthorizationHeader is the whole value of an Authorization header.
func (t Token) AuthorizationHeader() string { return "Bearer " + t.access.reveal() }

// Expiry is when it ends.
func (t Token) Expiry() time.Time { return t.received.Add(t.ValidFor) }

// Response is the API's answer.
type Response struct {
	HTTPStatus  int
	APIStatus   int // status.code; -1 when the body has none
	Body        []byte
	ContentType string
}

// Status is what an account looked like at one moment.
type Status struct {
	Account           string
	Revision          int64
	State             GrantState
	Reason            string
	Flags             Flags
	Generation        int64
	TokenValidFor     time.Duration
	TokenAge          time.Duration // negative when unknown
	NextTry           time.Duration // negative when the library plans none
	PinValidFor       time.Duration
	ScopeGranted      string
	ScopeAsked        string
	ScopeSatisfied    int // 1 yes, 0 no, -1 without a grant
	Origin            string
	ClientFingerprint string
	Store             string
	Seal              string
}

// Event is something that happened; which members mean something depends on the kind.
type Event struct {
	Kind       EventKind
	Account    string
	Pin        Pin           // EventPin
	Remaining  time.Duration // EventPin, EventProgress
	State      GrantState    // EventState
	Flags      Flags         // EventState
	Generation int64         // EventState, EventToken
	Err        error         // EventState, EventUnsaved; an *Error, or nil
	LogLevel   LogLevel      // EventLog
	Line       string        // EventLog
	Dropped    int64         // EventLog: lines dropped before this one
	record     secret
}

// Record is, for EventUnsaved, the whole record, a secret, to be kept by the program if it can.
func (e Event) Record() []byte { return []byte(e.record.reveal()) }

func (e Event) String() string { return fmt.Sprintf("ecoauth event %d of %q", e.Kind, e.Account) }

func milliseconds(number C.int64_t) time.Duration { return time.Duration(number) * time.Millisecond }

func copyToken(token *C.ecoauth_token, result C.int32_t) Token {
	return Token{
		Generation: int64(C.ecoauth_token_generation(token)),
		ValidFor:   milliseconds(C.ecoauth_token_valid_ms(token)),
		Scope:      C.GoString(C.ecoauth_token_scope(token)),
		Saved:      Code(result) != UnsavedButUsable,
		access:     hide(C.GoString(C.ecoauth_token_access_token(token))),
		received:   time.Now(),
	}
}

func copyResponse(response *C.ecoauth_response) *Response {
	return &Response{
		HTTPStatus:  int(C.ecoauth_response_http_status(response)),
		APIStatus:   int(C.ecoauth_response_api_status(response)),
		Body:        C.GoBytes(unsafe.Pointer(C.ecoauth_response_body(response)), C.int(C.ecoauth_response_body_bytes(response))),
		ContentType: C.GoString(C.ecoauth_response_content_type(response)),
	}
}

func copyStatus(status *C.ecoauth_status) Status {
	return Status{
		Account:           C.GoString(C.ecoauth_status_account_key(status)),
		Revision:          int64(C.ecoauth_status_revision(status)),
		State:             knownState(C.ecoauth_status_grant_state(status)),
		Reason:            C.GoString(C.ecoauth_status_reason(status)),
		Flags:             Flags(C.ecoauth_status_flags(status)),
		Generation:        int64(C.ecoauth_status_generation(status)),
		TokenValidFor:     milliseconds(C.ecoauth_status_token_valid_ms(status)),
		TokenAge:          milliseconds(C.ecoauth_status_token_age_ms(status)),
		NextTry:           milliseconds(C.ecoauth_status_next_try_ms(status)),
		PinValidFor:       milliseconds(C.ecoauth_status_pin_valid_ms(status)),
		ScopeGranted:      C.GoString(C.ecoauth_status_scope_granted(status)),
		ScopeAsked:        C.GoString(C.ecoauth_status_scope_asked(status)),
		ScopeSatisfied:    int(C.ecoauth_status_scope_satisfied(status)),
		Origin:            C.GoString(C.ecoauth_status_origin(status)),
		ClientFingerprint: C.GoString(C.ecoauth_status_client_fingerprint(status)),
		Store:             C.GoString(C.ecoauth_status_store(status)),
		Seal:              C.GoString(C.ecoauth_status_seal(status)),
	}
}

func copyEvent(event *C.ecoauth_event) Event {
	copied := Event{
		Kind:       EventKind(C.ecoauth_event_kind(event)),
		Account:    C.GoString(C.ecoauth_event_account_key(event)),
		Remaining:  milliseconds(C.ecoauth_event_remaining_ms(event)),
		State:      knownState(C.ecoauth_event_state(event)),
		Flags:      Flags(C.ecoauth_event_flags(event)),
		Generation: int64(C.ecoauth_event_generation(event)),
		LogLevel:   LogLevel(C.ecoauth_event_log_level(event)),
		Dropped:    int64(C.ecoauth_event_dropped(event)),
	}
	if failure := C.ecoauth_event_error(event); failure != nil {
		copied.Err = copyError(C.ecoauth_error_code(failure), failure)
	}
	switch copied.Kind {
	case EventPin:
		copied.Pin = Pin{copied.Account, C.GoString(C.ecoauth_event_verification_url(event)), copied.Remaining,
			C.GoString(C.ecoauth_event_text(event)), hide(C.GoString(C.ecoauth_event_pin(event)))}
	case EventLog:
		copied.Line = C.GoString(C.ecoauth_event_text(event))
	case EventUnsaved:
		copied.record = hide(string(C.GoBytes(C.ecoauth_event_data(event), C.int(C.ecoauth_event_data_bytes(event)))))
	}
	return copied
}
