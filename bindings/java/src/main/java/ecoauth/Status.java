// SPDX-License-Identifier: MIT
package ecoauth;

import com.sun.jna.Pointer;
import ecoauth.Ecoauth.Flag;
import ecoauth.Ecoauth.GrantState;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/** What an account looked like at one moment. */
public record Status(long revision, GrantState state, String reason, Set<Flag> flags, long generation, Duration tokenValidFor,
                     Optional<Duration> tokenAge, Optional<Duration> nextTry, Duration pinValidFor, String scopeGranted,
                     String scopeAsked, Optional<Boolean> scopeSatisfied, String account, String origin, String clientFingerprint,
                     String store, String seal) {
    static Status copy(Pointer status) {
        Api api = Api.get();
        int satisfied = api.status_scope_satisfied(status);
        return new Status(api.status_revision(status), Ecoauth.of(GrantState.class, api.status_grant_state(status), GrantState.SUSPECT),
            api.status_reason(status), Flag.of(api.status_flags(status)), api.status_generation(status),
            Duration.ofMillis(api.status_token_valid_ms(status)), unlessNegative(api.status_token_age_ms(status)),
            unlessNegative(api.status_next_try_ms(status)), Duration.ofMillis(api.status_pin_valid_ms(status)),
            api.status_scope_granted(status), api.status_scope_asked(status),
            satisfied < 0 ? Optional.empty() : Optional.of(satisfied == 1), api.status_account_key(status), api.status_origin(status),
            api.status_client_fingerprint(status), api.status_store(status), api.status_seal(status));
    }

    private static Optional<Duration> unlessNegative(long milliseconds) {
        return milliseconds < 0 ? Optional.empty() : Optional.of(Duration.ofMillis(milliseconds));
    }
}
