// SPDX-License-Identifier: MIT
package ecoauth;

import com.sun.jna.Pointer;
import java.time.Duration;

/** An access token. {@code generation} is for {@link Account#reportRejected}; {@code saved} is false while the newest token pair could
 *  not be saved yet. */
public record Token(String accessToken, String authorizationHeader, long generation, Duration validFor, String scope, boolean saved) {
    static Token copy(Pointer token, int result) {
        Api api = Api.get();
        return new Token(api.token_access_token(token), api.token_authorization_header(token), api.token_generation(token),
            Duration.ofMillis(api.token_valid_ms(token)), api.token_scope(token), result == 0);
    }

    @Override
    public String toString() {
        return "Token[generation=" + generation + ", validFor=" + validFor + ", scope=" + scope + "]";
    }
}
