// SPDX-License-Identifier: MIT
package ecoauth;

import java.util.EnumSet;
import java.util.Set;

/** The numbers of the C interface by their names, and the library that is running. */
public final class Ecoauth {
    private Ecoauth() {}

    interface Numbered {
        int number();
    }

    /** The member with this number, or {@code general} for one of a later library. */
    static <E extends Enum<E> & Numbered> E of(Class<E> type, int number, E general) {
        for (E member : type.getEnumConstants()) {
            if (member.number() == number) {
                return member;
            }
        }
        return general;
    }

    /** Result codes. Later libraries may add some. */
    public enum Code implements Numbered {
        OK(0), ALREADY_DONE(1), PENDING(2), UNSAVED_BUT_USABLE(3),
        INVALID_ARGUMENT(-1), WRONG_STATE(-2), NO_MEMORY(-3), INTERNAL(-4), CANCELLED(-5), TIMEOUT(-6), REENTRANT(-7), FORKED(-8),
        CLOSED(-9), UNSUPPORTED(-10), NOT_FOUND(-11), BUFFER_TOO_SMALL(-12),
        NEEDS_AUTHORIZATION(-100), PIN_EXPIRED(-101), DECLINED(-102), INVALID_CLIENT(-103), UNAUTHORIZED_CLIENT(-104), SCOPE(-105),
        REJECTED(-106), ACCOUNT_LOCKED(-107), ACCOUNT_DISABLED(-108), SERVER(-109), RATE_LIMITED(-110), REVOKED(-111), PROTOCOL(-112),
        NETWORK(-200), TLS(-201), CLOCK(-202),
        CALLBACK(-300), STORE(-301), STORE_PERMISSION(-302), STORE_LOCKED(-303), STORE_CORRUPT(-304), STORE_NEWER(-305),
        STORE_FOREIGN(-306), UNSAVED(-307);

        private final int number;

        Code(int number) {
            this.number = number;
        }

        @Override
        public int number() {
            return number;
        }
    }

    /** What a program can do about an error. One of a later library counts as USER_ACTION. */
    public enum Action implements Numbered {
        NONE, WAIT, RETRY, REAUTHORIZE, USER_ACTION, FIX_CONFIG, FIX_STORAGE, BUG;

        @Override
        public int number() {
            return ordinal();
        }
    }

    /** Kinds of events. */
    public enum EventKind implements Numbered {
        PIN, PROGRESS, STATE, TOKEN, COMPLETED, LOG, UNSAVED, CLOSED;

        @Override
        public int number() {
            return ordinal() + 1;
        }
    }

    /** States of a grant. One of a later library counts as SUSPECT. */
    public enum GrantState implements Numbered {
        NONE, ACTIVE, SUSPECT, NEEDS_REAUTHORIZATION, BLOCKED;

        @Override
        public int number() {
            return ordinal();
        }
    }

    /** What is also true of an account. */
    public enum Flag implements Numbered {
        AUTHORIZING, REFRESHING, AMBIGUOUS, UNSAVED, DEGRADED, CLOCK_SUSPECT;

        @Override
        public int number() {
            return 1 << ordinal();
        }

        static Set<Flag> of(int bits) {
            Set<Flag> flags = EnumSet.noneOf(Flag.class);
            for (Flag flag : values()) {
                if ((bits & flag.number()) != 0) {
                    flags.add(flag);
                }
            }
            return flags;
        }
    }

    /** Levels of log lines. */
    public enum LogLevel implements Numbered {
        NONE, ERROR, WARNING, INFO, DEBUG, TRACE;

        @Override
        public int number() {
            return ordinal();
        }
    }

    /** When tokens are refreshed. */
    public enum KeepFresh implements Numbered {
        ON_DEMAND, ALWAYS;

        @Override
        public int number() {
            return ordinal();
        }
    }

    /** Who refreshes. */
    public enum Role implements Numbered {
        OWNER, FOLLOWER;

        @Override
        public int number() {
            return ordinal();
        }
    }

    /** When a pending PIN is asked for. */
    public enum Polling implements Numbered {
        AUTO, ON_DEMAND;

        @Override
        public int number() {
            return ordinal();
        }
    }

    /** Where parameters travel. */
    public enum ParameterStyle implements Numbered {
        BODY, QUERY;

        @Override
        public int number() {
            return ordinal();
        }
    }

    /** Ways of authorizing by a browser. */
    public enum Flow implements Numbered {
        CODE, CODE_PKCE, UTILITY;

        @Override
        public int number() {
            return ordinal() + 1;
        }
    }

    /** Loads the library from this file. It happens by itself when first needed, from the file that ECOAUTH_LIBRARY names, else from
     *  inside this package, else the system's; call this before to choose. */
    public static void load(String path) {
        Api.Loader.load(path);
    }

    /** "0.1.0". */
    public static String libraryVersion() {
        return Api.get().version_string();
    }

    /** Can this build of the library do it? See {@code <ecoauth/runtime.h>} for the names. */
    public static boolean hasFeature(String name) {
        return Api.get().has_feature(name) == 1;
    }

    /** What the library runs on, "poco" or "openssl" say; null for an unknown name. */
    public static String runtimeInfo(String what) {
        return Api.get().runtime_info(what);
    }
}
