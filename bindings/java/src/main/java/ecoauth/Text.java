// SPDX-License-Identifier: MIT
package ecoauth;

import ecoauth.Ecoauth.Code;
import java.time.Duration;

/** Conversions for C. */
final class Text {
    private Text() {}

    static String forC(String text, String name) {
        if (text == null || text.indexOf('\0') >= 0) {
            throw EcoauthException.make(Code.INVALID_ARGUMENT, name + " must be a text without NUL characters");
        }
        return text;
    }

    /** Null waits without limit. */
    static long milliseconds(Duration duration) {
        return duration == null ? -1 : Math.max(0, duration.toMillis());
    }
}
