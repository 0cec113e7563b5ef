// Authorizes once, then makes a request: run it twice and the second run asks for nothing. Ctrl-C ends it.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"

	"ecoauth"
)

func main() {
	if err := run(); err != nil {
		var failure *ecoauth.Error
		if errors.As(err, &failure) {
			log.Print(failure.Advice)
		}
		log.Fatal(err)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	client, err := ecoauth.New(ecoauth.Options{
		Store:    ecoauth.FileStore("tokens"),
		ClientID: os.Getenv("ECOAUTH_CLIENT_ID"),
		BaseURL:  os.Getenv("ECOAUTH_SERVER"),
		OnPin:    func(pin ecoauth.Pin) { fmt.Println("Enter", pin.PIN(), "at", pin.VerificationURL) },
	})
	if err != nil {
		return err
	}
	defer client.Close()
	account, err := client.Account("")
	if err != nil {
		return err
	}
	if _, err = account.Token(ctx); errors.Is(err, ecoauth.Reauthorize) {
		err = account.AuthorizePin(ctx)
	}
	if err != nil {
		return err
	}
	answer, err := account.Request(ctx, "GET", "/1/thermostatSummary?json=%7B%7D", nil, "")
	if err != nil {
		return err
	}
	fmt.Printf("%s\n", answer.Body)
	return nil
}
