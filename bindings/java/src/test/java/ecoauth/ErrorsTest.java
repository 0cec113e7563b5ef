// SPDX-License-Identifier: MIT
package ecoauth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ecoauth.Ecoauth.Action;
import ecoauth.Ecoauth.Code;
import ecoauth.Ecoauth.EventKind;
import ecoauth.Ecoauth.Flag;
import ecoauth.Ecoauth.Flow;
import ecoauth.Ecoauth.GrantState;
import ecoauth.Ecoauth.KeepFresh;
import ecoauth.Ecoauth.LogLevel;
import ecoauth.Ecoauth.Numbered;
import ecoauth.Ecoauth.ParameterStyle;
import ecoauth.Ecoauth.Polling;
import ecoauth.Ecoauth.Role;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Every number of the headers, read from the headers themselves, has its place in Java. */
class ErrorsTest {
    private static final Path HEADERS = Path.of(System.getenv("ECOAUTH_HEADERS"), "ecoauth");

    private static Map<String, Integer> numbers(String header, String prefix) throws IOException {
        Map<String, Integer> found = new TreeMap<>();
        Matcher lines = Pattern.compile("^#define " + prefix + "([A-Z_]+) \\(?(-?\\d+)\\)?$", Pattern.MULTILINE)
            .matcher(Files.readString(HEADERS.resolve(header)));
        while (lines.find()) {
            found.put(lines.group(1), Integer.valueOf(lines.group(2)));
        }
        assertTrue(found.size() > 1, header);
        return found;
    }

    private static <E extends Enum<E> & Numbered> Map<String, Integer> members(Class<E> type) {
        Map<String, Integer> found = new TreeMap<>();
        for (E member : type.getEnumConstants()) {
            found.put(member.name(), member.number());
        }
        return found;
    }

    @Test
    void everyNumber() throws Exception {
        Map<String, Integer> codes = numbers("error.h", "ECOAUTH_ERROR_");
        assertTrue(codes.size() >= 36);
        Map<String, Integer> all = numbers("error.h", "ECOAUTH_");
        all.keySet().removeIf(name -> name.startsWith("ERROR_") || name.startsWith("ACTION_"));
        all.putAll(codes);
        assertEquals(all, members(Code.class));
        all.forEach((name, number) -> assertEquals(name, Api.get().result_name(number)));

        Map<String, Integer> actions = numbers("error.h", "ECOAUTH_ACTION_");
        assertEquals(actions, members(Action.class));
        Map<Action, Class<?>> byAction = Map.of(Action.NONE, EcoauthException.class, Action.WAIT, EcoauthException.Wait.class,
            Action.RETRY, EcoauthException.Retry.class, Action.REAUTHORIZE, EcoauthException.Reauthorize.class,
            Action.USER_ACTION, EcoauthException.UserAction.class, Action.FIX_CONFIG, EcoauthException.Config.class,
            Action.FIX_STORAGE, EcoauthException.Storage.class, Action.BUG, EcoauthException.Defect.class);
        assertEquals(Action.values().length, byAction.size());
        Map<String, Class<?>> own = Map.of("CANCELLED", EcoauthException.Cancelled.class, "TIMEOUT", EcoauthException.TimedOut.class,
            "CLOSED", EcoauthException.Closed.class, "FORKED", EcoauthException.Forked.class);
        for (Action action : Action.values()) {
            assertEquals(action.name(), Api.get().action_name(action.number()));
            codes.forEach((name, number) -> {
                EcoauthException error = EcoauthException.make(number, action.number(), "text");
                assertSame(own.getOrDefault(name, byAction.get(action)), error.getClass());
                assertEquals(name, error.name());
                assertEquals(number, error.code());
                assertEquals(action, error.action());
                assertEquals("text", error.getMessage());
            });
        }

        assertEquals(numbers("event.h", "ECOAUTH_EVENT_"), members(EventKind.class));
        assertEquals(numbers("event.h", "ECOAUTH_LOG_"), members(LogLevel.class));
        assertEquals(numbers("status.h", "ECOAUTH_GRANT_"), members(GrantState.class));
        assertEquals(numbers("status.h", "ECOAUTH_FLAG_"), members(Flag.class));
        assertEquals(numbers("options.h", "ECOAUTH_KEEP_FRESH_"), members(KeepFresh.class));
        assertEquals(numbers("options.h", "ECOAUTH_ROLE_"), members(Role.class));
        assertEquals(numbers("options.h", "ECOAUTH_POLLING_"), members(Polling.class));
        assertEquals(numbers("options.h", "ECOAUTH_PARAMETERS_"), members(ParameterStyle.class));
        assertEquals(numbers("account.h", "ECOAUTH_FLOW_"), members(Flow.class));
        for (GrantState state : GrantState.values()) {
            assertEquals(state.name(), Api.get().state_name(state.number()));
        }

        // Of a later library.
        EcoauthException later = EcoauthException.make(-9999, 99, "");
        assertSame(EcoauthException.UserAction.class, later.getClass());
        assertEquals(-9999, later.code());
        assertEquals("UNKNOWN", later.name());
        assertEquals(GrantState.SUSPECT, Ecoauth.of(GrantState.class, 99, GrantState.SUSPECT));
        assertNull(Ecoauth.of(EventKind.class, 99, null));
        assertEquals(Set.of(Flag.AUTHORIZING), Flag.of(64 | 1));
        Sandbox.passed("errors");
    }

    @Test
    void everyFunctionIsCalledOrForOthers() throws Exception {
        Set<String> declared = new TreeSet<>();
        try (var headers = Files.list(HEADERS)) {
            for (Path header : headers.filter(path -> path.toString().endsWith(".h")).toList()) {
                Matcher found = Pattern.compile("^ECOAUTH_EXPORT [^;]*?ecoauth_([a-z_]+)\\(", Pattern.MULTILINE)
                    .matcher(Files.readString(header));
                while (found.find()) {
                    declared.add(found.group(1));
                }
            }
        }
        Set<String> used = new TreeSet<>();
        for (Method method : Api.class.getDeclaredMethods()) {
            if (!method.getName().equals("get") && !method.isSynthetic()) {
                used.add(method.getName());
            }
        }
        assertTrue(declared.containsAll(used), used.toString());
        Set<String> left = new TreeSet<>(declared);
        left.removeAll(used);
        left.removeIf(name -> name.startsWith("account_") && declared.contains(name + "_start"));
        left.remove("account_request_start"); // its form with headers does both
        assertEquals(new TreeSet<>(Set.of("account_authorization_header", "client_dispatch", "client_wakeup_fd",
            "options_set_event_callback", "options_set_log_callback", "options_set_pin_callback", "options_set_wakeup_callback",
            "response_free", "token_free")), left);
    }
}
