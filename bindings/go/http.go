package ecoauth

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

const (
	refusedStatus    = 14 // of the API: the access token has expired
	mostRefusalBytes = 1 << 20
)

// Transport is an http.RoundTripper that puts the account's access token into requests to its server, refreshed in time. A token
// that the API refuses is refreshed and the request repeated once, when its body can be sent again. Requests to other servers fail:
// a token goes to the server that gave it and nowhere else.
type Transport struct {
	Account *Account
	Base    http.RoundTripper // nil: http.DefaultTransport
}

// RoundTrip serves http.Client.
func (t *Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	token, err := t.token(request)
	if err != nil {
		if request.Body != nil {
			_ = request.Body.Close()
		}
		return nil, err
	}
	response, err := t.send(request, request.Body, token)
	if err != nil || !refused(response) {
		return response, err
	}
	body := request.Body
	if body != nil && body != http.NoBody {
		if request.GetBody == nil {
			return response, nil
		}
		if body, err = request.GetBody(); err != nil {
			return response, nil
		}
	}
	if _, err := t.Account.ReportRejected(token.Generation); err == nil {
		// An error: it was refreshed a moment ago, or cannot be now. The caller sees the refusal.
		if newer, err := t.Account.Token(request.Context()); err == nil && newer.Generation != token.Generation {
			_ = response.Body.Close()
			return t.send(request, body, newer)
		}
	}
	if body != nil {
		_ = body.Close()
	}
	return response, nil
}

func (t *Transport) token(request *http.Request) (Token, error) {
	status, err := t.Account.Status()
	if err != nil {
		return Token{}, err
	}
	origin, err := url.Parse(status.Origin)
	if err != nil || server(origin) != server(request.URL) {
		return Token{}, fmt.Errorf("ecoauth: %s://%s is not %s, which this account's tokens are for", request.URL.Scheme,
			request.URL.Host, status.Origin)
	}
	return t.Account.Token(request.Context())
}

func (t *Transport) send(request *http.Request, body io.ReadCloser, token Token) (*http.Response, error) {
	authorized := request.Clone(request.Context()) // a RoundTripper must not change the request
	authorized.Body = body
	authorized.Header.Set("Authorization", token.AuthorizationHeader())
	if t.Base != nil {
		return t.Base.RoundTrip(authorized)
	}
	return http.DefaultTransport.RoundTrip(authorized)
}

func server(address *url.URL) string {
	port := address.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[address.Scheme]
	}
	return address.Scheme + "://" + address.Hostname() + ":" + port
}

// refused says whether the API refused the token: HTTP 401, or its own status 14 in an answer that is no success. What it has read
// of the body is put back.
func refused(response *http.Response) bool {
	if response.StatusCode == http.StatusUnauthorized || response.StatusCode < 400 {
		return response.StatusCode == http.StatusUnauthorized
	}
	begin, err := io.ReadAll(io.LimitReader(response.Body, mostRefusalBytes))
	rest := response.Body
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(begin), rest), rest}
	var answer struct {
		Status struct {
			Code int `json:"code"`
		} `json:"status"`
	}
	return err == nil && json.Unmarshal(begin, &answer) == nil && answer.Status.Code == refusedStatus
}

// TokenSource gives tokens in the form of another package. With golang.org/x/oauth2, which this module does not depend on,
// TokenSource[oauth2.Token] is an oauth2.TokenSource:
//
//	source := ecoauth.NewTokenSource(ctx, account, func(token ecoauth.Token) *oauth2.Token {
//		return &oauth2.Token{AccessToken: token.AccessToken(), TokenType: "Bearer", Expiry: token.Expiry()}
//	})
type TokenSource[T any] struct {
	ctx     context.Context
	account *Account
	convert func(Token) *T
}

// NewTokenSource makes one. The context is that of every call of Token, which has none of its own.
func NewTokenSource[T any](ctx context.Context, account *Account, convert func(Token) *T) *TokenSource[T] {
	return &TokenSource[T]{ctx, account, convert}
}

// Token is a valid token, refreshed when needed.
func (s *TokenSource[T]) Token() (*T, error) {
	token, err := s.account.Token(s.ctx)
	if err != nil {
		return nil, err
	}
	return s.convert(token), nil
}
