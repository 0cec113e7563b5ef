/* ecoauth: version numbers. Macros only, so that build systems can read them.
 * SPDX-License-Identifier: MIT */
#ifndef ECOAUTH_VERSION_H
#define ECOAUTH_VERSION_H

/** Version of these headers, as three numbers and as text. The running library answers for itself: ecoauth_version(). */
#define ECOAUTH_VERSION_MAJOR 0
#define ECOAUTH_VERSION_MINOR 1
#define ECOAUTH_VERSION_PATCH 0
#define ECOAUTH_VERSION_STRING "0.1.0"

/** One number that grows with every release: major * 1000000 + minor * 1000 + patch. */
#define ECOAUTH_VERSION_NUMBER 1000

/** The number in libecoauth.so.N. It changes only when a program built against an older header could break. */
#define ECOAUTH_ABI_NUMBER 0

#endif
