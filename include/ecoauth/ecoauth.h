/* ecoauth: the right to talk to a user's ecobee thermostats, got once and kept for years.
 * SPDX-License-Identifier: MIT */
#ifndef ECOAUTH_ECOAUTH_H
#define ECOAUTH_ECOAUTH_H

/*
 * The manual
 * ==========
 *
 * Life cycle
 * ----------
 *   ecoauth_options   a builder; consumed by ecoauth_client_new(), which also tells what a setter has refused
 *   ecoauth_client    one application: client id, server, store, callbacks, workers
 *     ecoauth_account one user's grant under a name; as many as you like
 *
 * A home host opens one client and one account, a service one client and many thousand accounts. Opening starts nothing: no
 * thread, no connection, no file, before the first call that needs one. Threads are a small elastic pool that all accounts
 * share and that ends when idle.
 *
 *   options -> client_new -> account_open -> authorize_pin (once) -> get_token (always) -> account_close, client_free
 *
 * Free in any order: an account handle keeps what it needs and answers CLOSED once its client is gone. Every _free(NULL) and
 * _close(NULL) does nothing. Using a handle after you have freed *that handle* is undefined, as everywhere in C.
 *
 * Which calls wait
 * ----------------
 * Functions say "Blocking". Whatever may wait has two forms: a blocking one with a time-out, name resolution included, and a
 * `_start` one that returns at once with an operation number and ends in exactly one ECOAUTH_EVENT_COMPLETED. A time-out or
 * cancel past the first byte of a token request ends the call, never the exchange: what the server sends is saved.
 *
 * Events: one queue, three ways to read it
 * ----------------------------------------
 *   ECOAUTH_DISPATCH_WORKER  callbacks come from a library thread (default)
 *   ECOAUTH_DISPATCH_CALLER  callbacks come only inside ecoauth_client_dispatch()
 *   ECOAUTH_DISPATCH_POLL    no callbacks; ecoauth_client_next_event() hands out owned events: works in every language
 * ecoauth_client_wakeup_fd() makes a socket for an event loop. Unknown kinds are to be ignored.
 *
 * Callbacks
 * ---------
 * `user_data` comes first, and with a finalizer that is called exactly once, also when the call that took it failed. No locks
 * are held. Event callbacks of one client never overlap and come in order. Store callbacks run on a library worker in every
 * dispatch mode, one at a time per account. Inside any callback blocking calls answer REENTRANT; everything else is
 * allowed. A callback must not leave by an exception or longjmp (an exception from a C++ callback is caught and reported as
 * CALLBACK; do not rely on it). When the process exits, callbacks are no longer made.
 *
 * Threads
 * -------
 * Clients and accounts may be used from any number of threads. Options and stores are for one thread at a time. Values
 * (token, error, status, response, event) are immutable and may be read from any thread.
 *
 * Strings and bytes
 * -----------------
 * UTF-8, NUL-terminated, copied before return. Strings handed out belong to the object they were read from and end with it.
 * Nothing is ever to be given to free().
 *
 * Errors
 * ------
 * See error.h. A code to branch on, an action for programs, a message and an advice for people. Nothing on an error path
 * deletes or overwrites a good record.
 *
 * The process around it
 * ---------------------
 * The library reads no environment variable, no configuration file, sets no locale, installs no signal handler, prints
 * nothing, and never ends the process. Its threads block all signals. Its descriptors are close-on-exec. Loading it leaves
 * locale, umask, working directory and environment alone. One exception: POCO, when linked dynamically, blocks SIGPIPE in
 * the thread that loads it; save and restore that thread's mask around dlopen() if this matters to you.
 * The library stays mapped after dlclose(). At exit() it stops its workers within the shutdown time-out and sends nothing new.
 * After fork() every call in the child answers FORKED, the parent is not disturbed; make a new client in the child.
 *
 * Compatibility
 * -------------
 * Same soname: nothing is removed, no meaning changes, numbers are never reused. Functions, result codes, states, flags and
 * event kinds may be added; treat unknown ones as their headers say. Functions whose work comes in a later release are
 * declared and answer UNSUPPORTED until then; ecoauth_has_feature() tells.
 */

#include <ecoauth/account.h>
#include <ecoauth/client.h>
#include <ecoauth/error.h>
#include <ecoauth/event.h>
#include <ecoauth/export.h>
#include <ecoauth/options.h>
#include <ecoauth/response.h>
#include <ecoauth/runtime.h>
#include <ecoauth/status.h>
#include <ecoauth/store.h>
#include <ecoauth/token.h>
#include <ecoauth/types.h>
#include <ecoauth/version.h>

#endif
