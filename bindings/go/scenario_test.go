package ecoauth_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"ecoauth"
)

func TestPinProgressApprove(t *testing.T) {
	sandbox := startSandbox(t)
	pins, events := make(chan ecoauth.Pin, 10), make(chan ecoauth.Event, 1000)
	_, account := open(t, sandbox, func(options *ecoauth.Options) {
		options.OnPin = func(pin ecoauth.Pin) { pins <- pin }
		options.OnEvent = func(event ecoauth.Event) { events <- event }
	})
	done := make(chan error, 1)
	go func() { done <- account.AuthorizePin(limited(t)) }()
	pin := await(t, pins)
	expect(t, regexp.MustCompile(`^[A-Z0-9]{4}-[A-Z0-9]{4}$`).MatchString(pin.PIN()), "PIN %q", pin.PIN())
	expect(t, strings.HasSuffix(pin.VerificationURL, "/consumerportal/index.html"), "address %q", pin.VerificationURL)
	expect(t, pin.Remaining > 0 && pin.Remaining <= 900*time.Second, "remaining %v", pin.Remaining)
	expect(t, pin.Scope == "smartRead", "scope %q", pin.Scope)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		event := ecoauth.Event{Pin: pin}
		printed := fmt.Sprintf(verb+verb, pin, event)
		expect(t, !strings.Contains(printed, pin.PIN()), "%s shows the PIN", verb)
	}
	proven(t, "pin")

	progress := awaitKind(t, events, ecoauth.EventProgress)
	expect(t, progress.Remaining > 0 && progress.Remaining < pin.Remaining, "remaining %v", progress.Remaining)
	proven(t, "progress")

	sandbox.control("approve", url.Values{"pin": {pin.PIN()}})
	must(t, await(t, done))
	status, err := account.Status()
	must(t, err)
	expect(t, status.State == ecoauth.GrantActive && status.Generation == 1 && status.ScopeSatisfied == 1, "status %+v", status)
	expect(t, status.Store == "memory" && status.State.String() == "ACTIVE", "status %+v", status)
	proven(t, "approve")
}

func TestTokenAndRefresh(t *testing.T) {
	_, account := open(t, startSandbox(t, "--auto-approve", "0"), nil)
	_, _, found := account.TokenInMemory()
	expect(t, !found, "a token before authorizing")
	must(t, account.AuthorizePin(limited(t)))
	token, err := account.Token(limited(t))
	must(t, err)
	expect(t, token.AccessToken() != "" && token.AuthorizationHeader() == "Bearer "+token.AccessToken(), "token")
	expect(t, token.Generation == 1 && token.Saved, "generation %d", token.Generation)
	expect(t, token.ValidFor > 3500*time.Second && token.ValidFor <= 3600*time.Second, "valid for %v", token.ValidFor)
	expect(t, time.Until(token.Expiry()) <= 3600*time.Second, "expiry %v", token.Expiry())
	inMemory, generation, found := account.TokenInMemory()
	expect(t, found && generation == 1 && inMemory == token.AccessToken(), "the token in memory")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		printed := fmt.Sprintf(verb+verb+verb, token, &token, struct{ T ecoauth.Token }{token})
		expect(t, !strings.Contains(printed, token.AccessToken()[:20]) && !strings.Contains(printed, fmt.Sprintf("%x", token.AccessToken()[:20])), "%s shows the token", verb)
		printed = fmt.Sprintf(verb, ecoauth.Options{ClientID: clientID})
		expect(t, !strings.Contains(printed, clientID), "%s shows the client id", verb)
	}
	proven(t, "token")

	must(t, account.Refresh(limited(t)))
	second, err := account.Token(limited(t))
	must(t, err)
	expect(t, second.Generation == 2 && account.Generation() == 2 && second.AccessToken() != token.AccessToken(), "generation %d", second.Generation)
	newer, err := account.ReportRejected(token.Generation)
	must(t, err)
	expect(t, newer, "there is a newer one")
	err = account.Refresh(limited(t))
	var failure *ecoauth.Error
	expect(t, errors.As(err, &failure), "error %v", err)
	expect(t, errors.Is(err, ecoauth.RateLimited) && errors.Is(err, ecoauth.Retry) && failure.RetryAfter > 0, "error %+v", failure)
	expect(t, errors.Is(account.LastError(), ecoauth.RateLimited) || account.LastError() == nil, "last error")
	proven(t, "refresh")
}

func TestRequest(t *testing.T) {
	sandbox := startSandbox(t, "--auto-approve", "0")
	_, account := open(t, sandbox, nil)
	must(t, account.AuthorizePin(limited(t)))
	for generation := int64(1); generation <= 2; generation++ {
		response, err := account.Request(limited(t), "GET", summary, nil, "")
		must(t, err)
		expect(t, response.HTTPStatus == 200 && response.APIStatus == 0, "answer %+v", response)
		expect(t, strings.Contains(string(response.Body), `"thermostatCount"`), "body %q", response.Body)
		expect(t, account.Generation() == generation, "generation %d", account.Generation())
		if generation == 1 {
			sandbox.control("expire", url.Values{"what": {"access"}})
		}
	}
	_, err := account.RequestWith(limited(t), "GET", summary, nil, ecoauth.RequestOptions{MaxResponseBytes: 10})
	expect(t, errors.Is(err, ecoauth.Protocol) && errors.Is(err, ecoauth.FixConfig), "error %v", err)
	for _, header := range []http.Header{{"Authorization": {"Bearer x"}}, {"X-Mine": {"a\nX-Other: b"}}} {
		_, err = account.RequestWith(limited(t), "GET", summary, nil, ecoauth.RequestOptions{Header: header})
		expect(t, errors.Is(err, ecoauth.InvalidArgument), "error %v", err)
	}
	response, err := account.RequestWith(limited(t), "GET", summary, nil, ecoauth.RequestOptions{Header: http.Header{"X-Mine": {"a", "b"}}})
	must(t, err)
	expect(t, response.HTTPStatus == 200, "HTTP %d", response.HTTPStatus)
	proven(t, "request")
}

// The same by net/http, with a code 14 in the middle, and nothing for other servers.
func TestTransport(t *testing.T) {
	sandbox := startSandbox(t, "--auto-approve", "0")
	_, account := open(t, sandbox, nil)
	must(t, account.AuthorizePin(limited(t)))
	browser := http.Client{Transport: &ecoauth.Transport{Account: account}}
	for generation := int64(1); generation <= 2; generation++ {
		response, err := browser.Get(sandbox.url + summary)
		must(t, err)
		body, err := io.ReadAll(response.Body)
		must(t, err)
		must(t, response.Body.Close())
		expect(t, response.StatusCode == 200 && strings.Contains(string(body), `"thermostatCount"`), "HTTP %d %q", response.StatusCode, body)
		expect(t, account.Generation() == generation, "generation %d", account.Generation())
		sandbox.control("expire", url.Values{"what": {"access"}})
	}
	// Refreshed a moment ago: the refusal itself is what comes, whole.
	response, err := browser.Post(sandbox.url+"/1/thermostat?format=json", "application/json", strings.NewReader("{}"))
	must(t, err)
	body, err := io.ReadAll(response.Body)
	must(t, err)
	must(t, response.Body.Close())
	expect(t, response.StatusCode >= 400 && strings.Contains(string(body), "14"), "HTTP %d %q", response.StatusCode, body)

	other := startSandbox(t)
	_, err = browser.Get(other.url + summary)
	expect(t, err != nil && strings.Contains(err.Error(), "which this account's tokens are for"), "error %v", err)
	expect(t, !strings.Contains(other.log(), "thermostatSummary"), "it was sent")
}

func TestTokenSource(t *testing.T) {
	type otherToken struct{ AccessToken string }
	_, account := open(t, startSandbox(t, "--auto-approve", "0"), nil)
	var source interface{ Token() (*otherToken, error) } = ecoauth.NewTokenSource(limited(t), account, func(token ecoauth.Token) *otherToken {
		return &otherToken{token.AccessToken()}
	})
	_, err := source.Token()
	expect(t, errors.Is(err, ecoauth.NeedsAuthorization) && errors.Is(err, ecoauth.Reauthorize), "error %v", err)
	must(t, account.AuthorizePin(limited(t)))
	token, err := source.Token()
	must(t, err)
	expect(t, token.AccessToken != "", "no token")
}

func TestCancel(t *testing.T) {
	sandbox, pins := startSandbox(t), make(chan ecoauth.Pin, 10)
	_, account := open(t, sandbox, func(options *ecoauth.Options) { options.OnPin = func(pin ecoauth.Pin) { pins <- pin } })
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- account.AuthorizePin(ctx) }()
	first, begin := await(t, pins), time.Now()
	cancel()
	err := await(t, done)
	expect(t, time.Since(begin) < time.Second, "it took %v", time.Since(begin))
	expect(t, errors.Is(err, context.Canceled) && errors.Is(err, ecoauth.Cancelled), "error %v", err)

	short, stop := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer stop()
	err = account.AuthorizePin(short)
	expect(t, errors.Is(err, context.DeadlineExceeded) && errors.Is(err, ecoauth.TimedOut), "error %v", err)
	go func() { done <- account.AuthorizePin(limited(t)) }()
	again := await(t, pins)
	expect(t, again.PIN() == first.PIN(), "another PIN")
	sandbox.control("approve", url.Values{"pin": {again.PIN()}})
	must(t, await(t, done))
	expect(t, errors.Is(account.Refresh(ctx), context.Canceled), "a context that has ended")
	proven(t, "cancel")
}

func TestExpired(t *testing.T) {
	failedAuthorization(t, "expired", ecoauth.PinExpired, func(sandbox *sandbox, _ ecoauth.Pin) {
		sandbox.control("expire", url.Values{"what": {"pin"}})
	}, "--expired-as", "authorization_expired")
}

func TestDeclined(t *testing.T) {
	failedAuthorization(t, "declined", ecoauth.Declined, func(sandbox *sandbox, pin ecoauth.Pin) {
		sandbox.control("decline", url.Values{"pin": {pin.PIN()}})
	})
}

func failedAuthorization(t *testing.T, step string, code ecoauth.Code, act func(*sandbox, ecoauth.Pin), arguments ...string) {
	sandbox, pins := startSandbox(t, arguments...), make(chan ecoauth.Pin, 10)
	_, account := open(t, sandbox, func(options *ecoauth.Options) { options.OnPin = func(pin ecoauth.Pin) { pins <- pin } })
	done := make(chan error, 1)
	go func() { done <- account.AuthorizePin(limited(t)) }()
	act(sandbox, await(t, pins))
	err := await(t, done)
	var failure *ecoauth.Error
	expect(t, errors.As(err, &failure) && failure.Advice != "", "error %v", err)
	expect(t, errors.Is(err, code) && errors.Is(err, ecoauth.Reauthorize), "error %+v", failure)
	proven(t, step)
}

func TestOwnStore(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	sandbox, store := startSandbox(t, "--auto-approve", "0"), newMapStore()
	own := func(options *ecoauth.Options) { options.Store = ecoauth.OwnStore(store) }
	client, account := open(t, sandbox, own)
	must(t, account.AuthorizePin(limited(t)))
	must(t, account.Refresh(limited(t)))
	names, err := client.Accounts(limited(t))
	must(t, err)
	expect(t, len(names) == 1 && names[0] == "default", "accounts %q", names)
	status, err := account.Status()
	must(t, err)
	expect(t, status.Store == "callbacks", "store %q", status.Store)
	must(t, client.Close())
	_, second := open(t, sandbox, own)
	token, err := second.Token(limited(t))
	must(t, err)
	expect(t, token.Generation == 2, "generation %d", token.Generation)
	store.mutex.Lock()
	defer store.mutex.Unlock()
	expect(t, len(store.threads) > 0 && !store.threads[syscall.Gettid()], "threads %v", store.threads)
	proven(t, "own-store")
}

func TestSealed(t *testing.T) {
	sandbox, store := startSandbox(t, "--auto-approve", "0"), newMapStore()
	key := []byte("0123456789abcdef0123456789abcdef")
	sealed := func(options *ecoauth.Options) {
		options.Store = ecoauth.OwnStore(store)
		options.Seal = ecoauth.SealWithKeys(func(context.Context, string) ([]byte, bool, error) { return key, true, nil })
	}
	client, account := open(t, sandbox, sealed)
	must(t, account.AuthorizePin(limited(t)))
	status, err := account.Status()
	must(t, err)
	expect(t, status.Seal != "none", "seal %q", status.Seal)
	must(t, client.Close())
	_, second := open(t, sandbox, sealed)
	_, err = second.Token(limited(t))
	must(t, err)
}

func TestTwoProcesses(t *testing.T) {
	sandbox, folder := startSandbox(t, "--auto-approve", "0", "--refresh-policy", "strict"), t.TempDir()+"/tokens"
	client, account := open(t, sandbox, func(options *ecoauth.Options) { options.Store = ecoauth.FileStore(folder) })
	must(t, account.AuthorizePin(limited(t)))
	must(t, client.Close())
	sandbox.control("expire", url.Values{"what": {"access"}})
	before := strings.Count(sandbox.log(), `"/token"`)
	first, second := startHost(t, "request", sandbox.url, folder), startHost(t, "request", sandbox.url, folder)
	must(t, first.Start())
	must(t, second.Start())
	must(t, first.Wait())
	must(t, second.Wait())
	after := strings.Count(sandbox.log(), `"/token"`)
	expect(t, before > 0 && after == before+1, "token requests: %d, then %d", before, after)
	proven(t, "two-processes")
}

func TestBrowserAndImport(t *testing.T) {
	client, account := open(t, startSandbox(t), nil)
	const back = "https://client.example/back"
	address, err := account.AuthorizeURL(limited(t), ecoauth.FlowCode, back)
	must(t, err)
	parsed, err := url.Parse(address)
	must(t, err)
	err = account.CompleteRedirect(limited(t), back+"?code=abc&state=foreign")
	expect(t, errors.Is(err, ecoauth.WrongState), "error %v", err)
	err = account.CompleteRedirect(limited(t), back+"?error=access_denied&state="+parsed.Query().Get("state"))
	expect(t, errors.Is(err, ecoauth.Declined), "error %v", err)
	imported, err := client.Account("imported")
	must(t, err)
	err = imported.Import(limited(t), "RefreshTokenThatNobodyHasGivenOut")
	expect(t, errors.Is(err, ecoauth.NeedsAuthorization), "error %v", err)
	something, err := imported.SignOut(limited(t))
	must(t, err)
	_ = something
	must(t, imported.WaitForChange(limited(t), 0))
	err = account.CheckNow()
	expect(t, errors.Is(err, ecoauth.WrongState), "error %v", err)
}
