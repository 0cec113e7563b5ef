/* Does your store keep what <ecoauth/store.h> asks of one? Give it your callbacks; it says which of them breaks which
 * rule. SPDX-License-Identifier: MIT
 *
 * Build it together with your store and a main() of a few lines, which fills in a struct store_subject and returns
 * store_conformance(&subject, "an/empty/folder", 1, NULL, stdout) != 0:
 *
 *   kit=$(pkg-config --variable=prefix ecoauth)/share/ecoauth/conformance
 *   cc -o my_store_test $kit/store_conformance*.c my_store.c my_main.c -I$kit $(pkg-config --cflags ecoauth) -pthread
 *
 * The kit makes many processes and kills some of them; run it on a store that holds nothing you need. It brings its own
 * ecoauth_blob_set(), fsync() and fdatasync(), which must win over the library's and the system's: do not link them
 * statically before it. Links against libecoauth only if your own code needs more of it.
 */
#ifndef ECOAUTH_STORE_CONFORMANCE_H
#define ECOAUTH_STORE_CONFORMANCE_H

#include <ecoauth/store.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

struct store_subject {
  /* Makes the user_data of the callbacks, once in every process that the kit makes. NULL: it could not. */
  void* (*open)(const char* place);
  /* Ends it; may be NULL. */
  void (*close)(void* user_data);

  ecoauth_store_load_fn load;
  ecoauth_store_save_fn save;
  ecoauth_store_erase_fn erase;
  ecoauth_store_list_fn list; /* may be NULL */
  ecoauth_store_lock_fn lock; /* with unlock, or both NULL: then only one process may use a record at a time */
  ecoauth_store_unlock_fn unlock;

  /* Spoils the stored bytes of a record, as a broken disk would; 0 when it has. NULL: damage is not checked. */
  int (*damage)(const char* place, const char* key);
  /* 1: another process makes records durable (a database server), so this one need not sync anything. */
  int syncs_elsewhere;
};

/*
 * Runs the check called `only`, or all of them when it is NULL, on the store at `place`, which is handed to `open` as
 * it is and should be empty. `seed` chooses sizes and moments; the same number makes the same ones. Writes a line for
 * every check and for everything that is wrong to `out`. Returns the number of checks that failed, -1 when there is no
 * check of that name.
 */
int store_conformance(const struct store_subject* subject, const char* place, unsigned seed, const char* only,
                      FILE* out);

#ifdef __cplusplus
}
#endif

#endif
