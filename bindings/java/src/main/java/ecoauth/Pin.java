// SPDX-License-Identifier: MIT
package ecoauth;

import java.time.Duration;

/** A PIN to show, exactly as the server sent it. */
public record Pin(String account, String pin, String verificationUrl, Duration remaining, String scope) {
    @Override
    public String toString() {
        return "Pin[account=" + account + ", verificationUrl=" + verificationUrl + ", remaining=" + remaining + "]";
    }
}
