/* The library, loaded at run time: from the package, or wherever the program says.
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "addon.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>

struct library lib;

static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;
static char problem[600];

static const char* load(const char* path) {
  void* opened = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!opened) {
    snprintf(problem, sizeof problem, "the ecoauth library cannot be loaded: %s", dlerror());
    return problem;
  }
  struct library found;
#define X(name)                                                                                          \
  found.name = (__typeof__(found.name))dlsym(opened, "ecoauth_" #name);                                  \
  if (!found.name) {                                                                                     \
    snprintf(problem, sizeof problem,                                                                    \
             "%s lacks ecoauth_" #name ": it is too old for this package, or no ecoauth library", path); \
    return problem;                                                                                      \
  }
  ECOAUTH_NODE_FUNCTIONS(X)
#undef X
  if (found.version() < ECOAUTH_VERSION_NUMBER) {
    snprintf(problem, sizeof problem, "%s is version %s, which is too old for this package", path,
             found.version_string());
    return problem;
  }
  lib = found;
  return NULL;
}

const char* load_library(const char* path) {
  const char* result = NULL;
  pthread_mutex_lock(&loading);
  if (!lib.version) {
    /* A dynamically linked POCO blocks SIGPIPE in the thread that loads it. */
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    result = load(path);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
  }
  pthread_mutex_unlock(&loading);
  return result;
}
