package ecoauth

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// numbers reads the names and numbers with a prefix from a header.
func numbers(t *testing.T, header, prefix string) map[string]int32 {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(os.Getenv("ECOAUTH_HEADERS"), "ecoauth", header))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]int32{}
	for _, match := range regexp.MustCompile(`(?m)^#define `+prefix+`([A-Z_]+) \(?(-?\d+)\)?$`).FindAllStringSubmatch(string(text), -1) {
		number, err := strconv.ParseInt(match[2], 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		found[match[1]] = int32(number)
	}
	return found
}

// constants reads the Go constants of a type: "PIN_EXPIRED" for PinExpired, without the words that only Go needs.
func constants(t *testing.T, file, kind string, renamed map[string]string, drop string) map[string]int32 {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	word := regexp.MustCompile(`[A-Z][a-z]+|[A-Z]+`)
	found := map[string]int32{}
	for _, match := range regexp.MustCompile(`(?m)^\t(\w+) +`+kind+` += (-?\d+)`).FindAllStringSubmatch(string(text), -1) {
		name := strings.TrimPrefix(match[1], drop)
		if other, known := renamed[name]; known {
			name = other
		} else {
			name = strings.ToUpper(strings.Join(word.FindAllString(name, -1), "_"))
		}
		number, err := strconv.ParseInt(match[2], 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		found[name] = int32(number)
	}
	return found
}

func equal(t *testing.T, what string, header, own map[string]int32) {
	t.Helper()
	if len(header) == 0 || fmt.Sprint(header) != fmt.Sprint(own) {
		t.Fatalf("%s:\nheader %v\nGo     %v", what, header, own)
	}
}

func TestEveryNumberOfTheHeaders(t *testing.T) {
	codes := numbers(t, "error.h", "ECOAUTH_ERROR_")
	for name, number := range numbers(t, "error.h", "ECOAUTH_") {
		if !strings.HasPrefix(name, "ERROR_") && !strings.HasPrefix(name, "ACTION_") {
			codes[name] = number
		}
	}
	equal(t, "codes", codes, constants(t, "errors.go", "Code", map[string]string{"OK": "OK", "TimedOut": "TIMEOUT",
		"StoreFailed": "STORE", "TLS": "TLS"}, ""))
	actions := numbers(t, "error.h", "ECOAUTH_ACTION_")
	equal(t, "actions", actions, constants(t, "errors.go", "Action", map[string]string{"NoAction": "NONE"}, ""))
	for _, each := range []struct {
		header, prefix, file, kind, drop string
		renamed                          map[string]string
	}{
		{"event.h", "ECOAUTH_EVENT_", "values.go", "EventKind", "Event", nil},
		{"event.h", "ECOAUTH_LOG_", "values.go", "LogLevel", "Log", nil},
		{"status.h", "ECOAUTH_GRANT_", "values.go", "GrantState", "Grant", nil},
		{"status.h", "ECOAUTH_FLAG_", "values.go", "Flags", "Flag", nil},
		{"options.h", "ECOAUTH_KEEP_FRESH_", "options.go", "KeepFresh", "KeepFresh", nil},
		{"options.h", "ECOAUTH_ROLE_", "options.go", "Role", "Role", nil},
		{"options.h", "ECOAUTH_POLLING_", "options.go", "Polling", "Polling", nil},
		{"options.h", "ECOAUTH_PARAMETERS_", "options.go", "ParameterStyle", "ParametersIn", nil},
		{"account.h", "ECOAUTH_FLOW_", "account.go", "Flow", "Flow", map[string]string{"CodePKCE": "CODE_PKCE"}},
	} {
		equal(t, each.prefix, numbers(t, each.header, each.prefix), constants(t, each.file, each.kind, each.renamed, each.drop))
	}

	for name, number := range codes {
		if Code(number).String() != name {
			t.Fatalf("%s is called %s", name, Code(number))
		}
		if number >= 0 {
			continue
		}
		for actionName, action := range actions {
			if Action(action).String() != actionName || knownAction(action) != Action(action) {
				t.Fatalf("%s is called %s", actionName, Action(action))
			}
			failure := fmt.Errorf("wrapped: %w", makeError(Code(number), knownAction(action), "text"))
			if !errors.Is(failure, Code(number)) || !errors.Is(failure, Action(action)) || errors.Is(failure, Code(number-1000)) ||
				errors.Is(failure, Action((action+1)%8)) {
				t.Fatalf("errors.Is does not know %s, %s", name, actionName)
			}
			for sentinel, code := range map[error]string{context.Canceled: "CANCELLED", context.DeadlineExceeded: "TIMEOUT", net.ErrClosed: "CLOSED"} {
				if errors.Is(failure, sentinel) != (name == code) {
					t.Fatalf("%s and %v", name, sentinel)
				}
			}
		}
	}
	for name, number := range numbers(t, "status.h", "ECOAUTH_GRANT_") {
		if GrantState(number).String() != name {
			t.Fatalf("%s is called %s", name, GrantState(number))
		}
	}
	// Numbers of a later library.
	if Code(-9999).String() != "UNKNOWN" || knownAction(99) != UserAction || knownState(99) != GrantSuspect || Flags(64|1)&FlagAuthorizing == 0 {
		t.Fatal("unknown numbers")
	}
	fmt.Printf("\nscenario errors: passed\n")
}

func TestOptionsSayWhatIsWrong(t *testing.T) {
	twoLines := "two\nlines"
	for name, options := range map[string]Options{
		"base_url":           {BaseURL: "http://ecobee.example"},
		"ca_file":            {CAFile: "/nonexistent"},
		"proxy":              {Proxy: "socks5://127.0.0.1:1"},
		"token_format":       {TokenFormat: &twoLines},
		"log_level":          {LogLevel: 9},
		"request_timeout_ms": {RequestTimeout: 1},
		"advisory_window":    {AdvisoryWindow: [2]int{60, 50}},
		"UserAgent":          {UserAgent: "a\x00b"},
		"Store":              {},
	} {
		if name != "Store" {
			options.Store = MemoryStore()
		}
		_, err := New(options)
		if !errors.Is(err, InvalidArgument) || !errors.Is(err, FixConfig) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A "defer client.Close()" before the error was looked at is a mistake that a program can recover from.
func TestClosingNothing(t *testing.T) {
	for _, closing := range []func(){func() { _ = (*Client)(nil).Close() }, func() { _ = (*Account)(nil).Close() }} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			closing()
		}()
	}
}

// Every function of the headers is called, or known not to be: blocking forms, dispatch and callbacks are for other languages.
func TestEveryFunctionOfTheHeaders(t *testing.T) {
	headers, err := filepath.Glob(filepath.Join(os.Getenv("ECOAUTH_HEADERS"), "ecoauth", "*.h"))
	if err != nil || len(headers) == 0 {
		t.Fatal("no headers")
	}
	var sources strings.Builder
	for _, pattern := range []string{"*.go", "*.c"} {
		files, _ := filepath.Glob(pattern)
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			sources.Write(text)
		}
	}
	leftOut := map[string]bool{"account_authorization_header": true, "account_request": true, "account_request_start": true, "client_dispatch": true, "options_set_event_callback": true,
		"options_set_log_callback": true, "options_set_pin_callback": true, "options_set_wakeup_callback": true, "response_free": true,
		"token_free": true, "token_authorization_header": true, "version": true}
	for _, header := range headers {
		text, err := os.ReadFile(header)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range regexp.MustCompile(`(?m)^ECOAUTH_EXPORT .*?ecoauth_([a-z_]+)\(`).FindAllStringSubmatch(string(text), -1) {
			called := regexp.MustCompile(`ecoauth_` + match[1] + `(_start)?\(`).MatchString(sources.String())
			if called == leftOut[match[1]] {
				t.Errorf("%s: called %v", match[1], called)
			}
		}
	}
}
