/* What a guest may not change in the process it was loaded into, written down as text, a line each.
 * SPDX-License-Identifier: MIT */
#ifndef EMBED_SNAPSHOT_H
#define EMBED_SNAPSHOT_H

#include <stdbool.h>

/* Signal actions, the calling thread's mask, pending signals, timers, locale, time zone, environment, umask, working
 * directory, limits, scheduling, rounding, children; with `resources` also every thread and every open descriptor. */
char* snapshot_take(bool resources);
/* Fails the test, naming the first line that differs. Takes `after`. */
void snapshot_compare(const char* before, char* after, const char* when);

#endif
