// SPDX-License-Identifier: MIT
package ecoauth;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import ecoauth.Ecoauth.Action;
import ecoauth.Ecoauth.Code;
import java.time.Duration;
import java.util.OptionalInt;

/** A failed call, explained. The class says what a program can do, {@link #advice} what a person can. */
public class EcoauthException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int code;
    private final Action action;
    private String advice = "";
    private Duration retryAfter = Duration.ZERO;
    private String oauthError = "";
    private String oauthDescription = "";
    private String oauthUri = "";
    private int httpStatus;
    private int apiStatus = -1;

    EcoauthException(int code, Action action, String message) {
        super(message);
        this.code = code;
        this.action = action;
    }

    /** Go on waiting; the library does it by itself. */
    public static final class Wait extends EcoauthException {
        Wait(int code, Action action, String message) { super(code, action, message); }
    }

    /** Try again, not before {@link #retryAfter}. */
    public static final class Retry extends EcoauthException {
        Retry(int code, Action action, String message) { super(code, action, message); }
    }

    /** A person must authorize again. */
    public static final class Reauthorize extends EcoauthException {
        Reauthorize(int code, Action action, String message) { super(code, action, message); }
    }

    /** A person must do what {@link #advice} says. */
    public static final class UserAction extends EcoauthException {
        UserAction(int code, Action action, String message) { super(code, action, message); }
    }

    /** The configuration is wrong. */
    public static final class Config extends EcoauthException {
        Config(int code, Action action, String message) { super(code, action, message); }
    }

    /** The store needs attention. What a store of the program has thrown is the cause. */
    public static final class Storage extends EcoauthException {
        Storage(int code, Action action, String message) { super(code, action, message); }
    }

    /** A defect: report it. */
    public static final class Defect extends EcoauthException {
        Defect(int code, Action action, String message) { super(code, action, message); }
    }

    /** Ended by cancelling; a future is then cancelled, and this is the cause of its CancellationException. */
    public static final class Cancelled extends EcoauthException {
        Cancelled(int code, Action action, String message) { super(code, action, message); }
    }

    /** The time given to the call is over. */
    public static final class TimedOut extends EcoauthException {
        TimedOut(int code, Action action, String message) { super(code, action, message); }
    }

    /** The client or account has been closed. */
    public static final class Closed extends EcoauthException {
        Closed(int code, Action action, String message) { super(code, action, message); }
    }

    /** The process forked after the client was made. */
    public static final class Forked extends EcoauthException {
        Forked(int code, Action action, String message) { super(code, action, message); }
    }

    /** The result code; {@link Code} has those that this release knows. */
    public int code() { return code; }

    /** The code's name, "PIN_EXPIRED". */
    public String name() {
        Code known = Ecoauth.of(Code.class, code, null);
        return known == null ? "UNKNOWN" : known.name();
    }

    public Action action() { return action; }

    /** What to do about it, for a person. */
    public String advice() { return advice; }

    /** How long to wait before the next try. */
    public Duration retryAfter() { return retryAfter; }

    public String oauthError() { return oauthError; }

    public String oauthDescription() { return oauthDescription; }

    public String oauthUri() { return oauthUri; }

    public OptionalInt httpStatus() { return httpStatus == 0 ? OptionalInt.empty() : OptionalInt.of(httpStatus); }

    /** The thermostat API's status code. */
    public OptionalInt apiStatus() { return apiStatus < 0 ? OptionalInt.empty() : OptionalInt.of(apiStatus); }

    static EcoauthException make(Code code, String message) {
        return make(code.number(), 0, message);
    }

    static EcoauthException make(int number, int actionNumber, String text) {
        Action action = Ecoauth.of(Action.class, actionNumber, Action.USER_ACTION);
        Code code = Ecoauth.of(Code.class, number, Code.INTERNAL);
        String message = text.isEmpty() ? Api.get().result_name(number) : text;
        switch (code) { // what the language has a word for, whatever the action
            case CANCELLED: return new Cancelled(number, action, message);
            case TIMEOUT: return new TimedOut(number, action, message);
            case CLOSED: return new Closed(number, action, message);
            case FORKED: return new Forked(number, action, message);
            default:
        }
        switch (action) {
            case WAIT: return new Wait(number, action, message);
            case RETRY: return new Retry(number, action, message);
            case REAUTHORIZE: return new Reauthorize(number, action, message);
            case USER_ACTION: return new UserAction(number, action, message);
            case FIX_CONFIG: return new Config(number, action, message);
            case FIX_STORAGE: return new Storage(number, action, message);
            case BUG: return new Defect(number, action, message);
            default: return new EcoauthException(number, action, message);
        }
    }

    /** From the library's error object, which is left alone; null when memory was short. */
    static EcoauthException copy(int code, Pointer error) {
        if (error == null) {
            return make(code, 0, "");
        }
        Api api = Api.get();
        EcoauthException made = make(api.error_code(error), api.error_action(error), api.error_message(error));
        made.advice = api.error_advice(error);
        made.retryAfter = Duration.ofMillis(api.error_retry_after_ms(error));
        made.oauthError = api.error_oauth_error(error);
        made.oauthDescription = api.error_oauth_description(error);
        made.oauthUri = api.error_oauth_uri(error);
        made.httpStatus = api.error_http_status(error);
        made.apiStatus = api.error_api_status(error);
        return made;
    }

    /** The same, and releases it. */
    static EcoauthException take(int code, PointerByReference error) {
        try {
            return copy(code, error.getValue());
        } finally {
            Api.get().error_free(error.getValue());
        }
    }
}
