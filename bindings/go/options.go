package ecoauth

// #include "bridge.h"
import "C"

import (
	"fmt"
	"log"
	"strings"
	"time"
)

// KeepFresh says when tokens are refreshed.
type KeepFresh int32

// Role says who refreshes.
type Role int32

// Polling says when the server is asked whether a PIN was approved.
type Polling int32

// ParameterStyle says where the parameters of a token request travel.
type ParameterStyle int32

// The choices of <ecoauth/options.h>; the zero values are the defaults.
const (
	KeepFreshOnDemand KeepFresh      = 0
	KeepFreshAlways   KeepFresh      = 1
	RoleOwner         Role           = 0
	RoleFollower      Role           = 1
	PollingAuto       Polling        = 0
	PollingOnDemand   Polling        = 1
	ParametersInBody  ParameterStyle = 0
	ParametersInQuery ParameterStyle = 1
)

// Options are the settings of a client. Zero values are the library's defaults (<ecoauth/options.h>). Printing them shows nothing.
type Options struct {
	Store Storage // needed: FileStore, MemoryStore or OwnStore
	Seal  Seal    // nil: records are stored as they are

	ClientID        string // a secret; the application key
	Scope           string
	BaseURL         string
	UserAgent       string
	CAFile          string
	Proxy           string
	TokenFormat     *string // nil: the default; empty: not sent
	VerificationURL string

	LogLevel       LogLevel
	KeepFresh      KeepFresh
	Role           Role
	Polling        Polling
	ParameterStyle ParameterStyle

	RequestTimeout  time.Duration
	ConnectTimeout  time.Duration
	ShutdownTimeout time.Duration // 0: the default
	AdvisoryWindow  [2]int        // percent of a token's life
	MandatoryWindow struct {
		MinLeft     time.Duration
		LeftPercent int
	}

	// OnPin and OnEvent are called on a goroutine of the client, one at a time and in order. They may wait and may close the
	// client. A panic in them is logged to ErrorLog (nil: the standard logger), as net/http does.
	OnPin    func(Pin)
	OnEvent  func(Event)
	ErrorLog *log.Logger
}

// Format keeps the client id and the proxy's password out of every way of printing.
func (o Options) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("ecoauth.Options{...}")) }

// cText is a copy for C, to be given to C.ecoauth_go_wipe_and_free.
func cText(text, name string) (*C.char, error) {
	if strings.IndexByte(text, 0) >= 0 {
		return nil, makeError(InvalidArgument, FixConfig, name+" holds a NUL character")
	}
	return C.CString(text), nil
}

// build makes the library's options; whoever gets them gives them to ecoauth_client_new, which tells what they have refused.
func (o *Options) build() (*C.ecoauth_options, *lastError, error) {
	options := C.ecoauth_options_new()
	if options == nil {
		return nil, nil, makeError(NoMemory, Retry, "out of memory")
	}
	thrown, err := o.fill(options)
	if err != nil {
		C.ecoauth_options_free(options)
		return nil, nil, err
	}
	return options, thrown, nil
}

func (o *Options) fill(options *C.ecoauth_options) (*lastError, error) {
	if o.Store == nil {
		return nil, makeError(InvalidArgument, FixConfig, "the option Store is missing")
	}
	thrown := &lastError{}
	store, err := o.Store.make(thrown)
	if err != nil {
		return nil, err
	}
	if o.Seal != nil {
		if err := o.Seal(store, thrown); err != nil {
			C.ecoauth_store_free(store)
			return nil, err
		}
	}
	C.ecoauth_options_set_store(options, store)
	C.ecoauth_options_set_dispatch(options, C.ECOAUTH_DISPATCH_POLL)

	text := func(name, value string, set func(*C.char) C.int32_t) error {
		converted, err := cText(value, name)
		if err != nil {
			return err
		}
		defer C.ecoauth_go_wipe_and_free(converted)
		set(converted)
		return nil
	}
	for _, each := range []struct {
		name, value string
		set         func(*C.char) C.int32_t
	}{
		{"ClientID", o.ClientID, func(v *C.char) C.int32_t { return C.ecoauth_options_set_client_id(options, v) }},
		{"Scope", o.Scope, func(v *C.char) C.int32_t { return C.ecoauth_options_set_scope(options, v) }},
		{"BaseURL", o.BaseURL, func(v *C.char) C.int32_t { return C.ecoauth_options_set_base_url(options, v) }},
		{"UserAgent", o.UserAgent, func(v *C.char) C.int32_t { return C.ecoauth_options_set_user_agent(options, v) }},
		{"CAFile", o.CAFile, func(v *C.char) C.int32_t { return C.ecoauth_options_set_ca_file(options, v) }},
		{"Proxy", o.Proxy, func(v *C.char) C.int32_t { return C.ecoauth_options_set_proxy(options, v) }},
		{"VerificationURL", o.VerificationURL, func(v *C.char) C.int32_t { return C.ecoauth_options_set_verification_url(options, v) }},
	} {
		if each.value == "" {
			continue
		}
		if err := text(each.name, each.value, each.set); err != nil {
			return nil, err
		}
	}
	if o.TokenFormat != nil {
		err := text("TokenFormat", *o.TokenFormat, func(v *C.char) C.int32_t { return C.ecoauth_options_set_token_format(options, v) })
		if err != nil {
			return nil, err
		}
	}

	C.ecoauth_options_set_log_level(options, C.int32_t(o.LogLevel))
	C.ecoauth_options_set_keep_fresh(options, C.int32_t(o.KeepFresh))
	C.ecoauth_options_set_role(options, C.int32_t(o.Role))
	C.ecoauth_options_set_polling(options, C.int32_t(o.Polling))
	C.ecoauth_options_set_parameter_style(options, C.int32_t(o.ParameterStyle))
	if o.RequestTimeout != 0 {
		C.ecoauth_options_set_request_timeout_ms(options, C.int64_t(o.RequestTimeout.Milliseconds()))
	}
	if o.ConnectTimeout != 0 {
		C.ecoauth_options_set_connect_timeout_ms(options, C.int64_t(o.ConnectTimeout.Milliseconds()))
	}
	if o.ShutdownTimeout != 0 {
		C.ecoauth_options_set_shutdown_timeout_ms(options, C.int64_t(o.ShutdownTimeout.Milliseconds()))
	}
	if o.AdvisoryWindow != [2]int{} {
		C.ecoauth_options_set_advisory_window(options, C.int32_t(o.AdvisoryWindow[0]), C.int32_t(o.AdvisoryWindow[1]))
	}
	if window := o.MandatoryWindow; window.MinLeft != 0 || window.LeftPercent != 0 {
		C.ecoauth_options_set_mandatory_window(options, C.int64_t(window.MinLeft.Milliseconds()), C.int32_t(window.LeftPercent))
	}
	return thrown, nil
}
