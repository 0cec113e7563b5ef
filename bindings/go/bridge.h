// What cgo cannot say in Go: the library's callbacks, each with a number of runtime/cgo.Handle for user_data.
// SPDX-License-Identifier: MIT
#ifndef ECOAUTH_GO_BRIDGE_H
#define ECOAUTH_GO_BRIDGE_H

#include <ecoauth/ecoauth.h>

ecoauth_store *ecoauth_go_new_store(uintptr_t handle, int lists, int locks);
int32_t ecoauth_go_seal_with_callback(ecoauth_store *store, uintptr_t handle);
void ecoauth_go_wipe_and_free(char *text);

#endif
