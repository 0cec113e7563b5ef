import ecoauth.Client;
import ecoauth.Ecoauth.GrantState;
import ecoauth.EcoauthException;
import ecoauth.Storage;
import java.util.concurrent.CompletionException;

/** Authorizes once, then makes a request: run it twice and the second run asks for nothing. */
public class Login {
    public static void main(String[] arguments) {
        try (var client = Client.builder(Storage.files("tokens")).clientId(System.getenv("ECOAUTH_CLIENT_ID"))
                .baseUrl(System.getenv("ECOAUTH_SERVER"))
                .onPin(pin -> System.out.println("Enter " + pin.pin() + " at " + pin.verificationUrl())).build()) {
            var account = client.account();
            if (account.waitForChange(0).join().state() != GrantState.ACTIVE) {
                account.authorizePin().join();
            }
            System.out.println(account.request("GET", "/1/thermostatSummary?json=%7B%7D").join().text());
        } catch (CompletionException failed) {
            if (!(failed.getCause() instanceof EcoauthException error)) {
                throw failed;
            }
            System.err.println(error.getMessage() + "\n" + error.advice());
            System.exit(1);
        }
    }
}
