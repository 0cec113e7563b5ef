/* ecoauth: what is running.
 * SPDX-License-Identifier: MIT */
#ifndef ECOAUTH_RUNTIME_H
#define ECOAUTH_RUNTIME_H

#include <ecoauth/types.h>

ECOAUTH_BEGIN_DECLS

/** The version of the loaded library, in the form of ECOAUTH_VERSION_NUMBER.
 *  **Blocking** No. **Threads** Any. **Since** 0.1 */
ECOAUTH_EXPORT int32_t ecoauth_version(void);

/** The same as text, for people: "0.1.0".
 *  **Blocking** No. **Threads** Any. **Ownership** A constant. **Since** 0.1 */
ECOAUTH_EXPORT const char *ecoauth_version_string(void);

/**
 * Can this build do `feature`? 1 yes, 0 no or unknown name. Names: "pin", "code", "utility", "import", "accounts",
 * "sealing", "seal-secret-service", "file-store", "callback-store", "proxy", "self-contained".
 *  **Blocking** No. **Threads** Any. **Ownership** Borrows the name. **Since** 0.1
 */
ECOAUTH_EXPORT int32_t ecoauth_has_feature(const char *feature);

/**
 * What the library runs on, for bug reports. `what` is "poco" or "openssl" (the version at work), or "poco-file" or
 * "openssl-file" (the file that provides it: in a host that exports its own OpenSSL this may not be the one you expect), or
 * "ca-certificates" (the folder or file of CA certificates that is trusted when no ca_file is set; empty when there is none).
 * NULL for any other name.
 *  **Blocking** No; the first call for a file asks the dynamic linker or looks into folders. **Threads** Any. **Ownership**
 *  Lives for ever. **Since** 0.1
 */
ECOAUTH_EXPORT const char *ecoauth_runtime_info(const char *what);

ECOAUTH_END_DECLS

#endif
