// SPDX-License-Identifier: MIT
package ecoauth;

import com.sun.jna.Pointer;
import ecoauth.Ecoauth.EventKind;
import ecoauth.Ecoauth.Flag;
import ecoauth.Ecoauth.GrantState;
import ecoauth.Ecoauth.LogLevel;
import java.time.Duration;
import java.util.Set;

/** Something that happened. Which members mean something depends on the kind ({@code <ecoauth/event.h>}); error, pin, token, response
 *  and data may be null. */
public record Event(EventKind kind, String account, long operation, int result, EcoauthException error, Pin pin, Duration remaining,
                    GrantState state, Set<Flag> flags, long generation, String text, LogLevel logLevel, long dropped, Token token,
                    Response response, byte[] data) {
    /** The kind is null for one of a later library. */
    static Event copy(Pointer event) {
        Api api = Api.get();
        EventKind kind = Ecoauth.of(EventKind.class, api.event_kind(event), null);
        String account = api.event_account_key(event);
        String text = api.event_text(event);
        Duration remaining = Duration.ofMillis(api.event_remaining_ms(event));
        int result = api.event_result(event);
        Pointer error = api.event_error(event);
        Pointer token = api.event_token(event);
        Pointer response = api.event_response(event);
        Pointer data = api.event_data(event);
        return new Event(kind, account, api.event_operation(event), result,
            error != null || result < 0 ? EcoauthException.copy(result, error) : null,
            kind == EventKind.PIN ? new Pin(account, api.event_pin(event), api.event_verification_url(event), remaining, text) : null,
            remaining, Ecoauth.of(GrantState.class, api.event_state(event), GrantState.SUSPECT), Flag.of(api.event_flags(event)),
            api.event_generation(event), text, Ecoauth.of(LogLevel.class, api.event_log_level(event), LogLevel.TRACE),
            api.event_dropped(event), token == null ? null : Token.copy(token, result),
            response == null ? null : Response.copy(response),
            data == null ? null : data.getByteArray(0, api.event_data_bytes(event).intValue()));
    }

    @Override
    public String toString() {
        return "Event[" + kind + ", account=" + account + ", operation=" + operation + ", result=" + result + "]";
    }
}
