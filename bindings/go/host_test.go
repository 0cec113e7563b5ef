package ecoauth_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"ecoauth"
)

// TestMain is also the program that tests start: with ECOAUTH_TEST_HOST in the environment it does what that says.
func TestMain(m *testing.M) {
	what := os.Getenv("ECOAUTH_TEST_HOST")
	if what == "" {
		os.Exit(m.Run())
	}
	if err := host(what, os.Getenv("ECOAUTH_SERVER"), os.Getenv("ECOAUTH_FOLDER")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func host(what, server, folder string) error {
	options := ecoauth.Options{ClientID: clientID, BaseURL: server, Store: ecoauth.MemoryStore()}
	shown := make(chan ecoauth.Pin, 1)
	switch what {
	case "request":
		options.Store = ecoauth.FileStore(folder)
	case "exit":
		options.OnPin = func(pin ecoauth.Pin) { shown <- pin }
	case "exit-own-store":
		options.OnPin = func(pin ecoauth.Pin) { shown <- pin }
		options.Store = ecoauth.OwnStore(newMapStore())
	}
	client, err := ecoauth.New(options)
	if err != nil {
		return err
	}
	account, err := client.Account("")
	if err != nil {
		return err
	}
	if what == "request" {
		defer client.Close()
		response, err := account.Request(context.Background(), "GET", summary, nil, "")
		if err == nil && (response.HTTPStatus != 200 || response.APIStatus != 0) {
			err = fmt.Errorf("HTTP %d, status %d", response.HTTPStatus, response.APIStatus)
		}
		return err
	}
	go func() { _ = account.AuthorizePin(context.Background()) }()
	<-shown
	return nil // with the authorization running
}

func startHost(t *testing.T, what, server, folder string) *exec.Cmd {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), "ECOAUTH_TEST_HOST="+what, "ECOAUTH_SERVER="+server, "ECOAUTH_FOLDER="+folder)
	return command
}
