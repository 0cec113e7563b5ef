/* SPDX-License-Identifier: MIT */
#include "snapshot.h"

#include <dirent.h>
#include <fcntl.h>
#include <fenv.h>
#include <langinfo.h>
#include <locale.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "host.h"

static void put_bytes(FILE* out, const void* data, size_t size) {
  for (const unsigned char* byte = data; size--; ++byte) fprintf(out, "%02x", *byte);
}

static void put_signals(FILE* out) {
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action;
    if (sigaction(number, NULL, &action) != 0) continue;
    fprintf(out, "action of signal %d: flags %x, handler and mask ", number, (unsigned)action.sa_flags);
    put_bytes(out, &action.sa_sigaction, sizeof action.sa_sigaction);
    put_bytes(out, &action.sa_mask, NSIG / 8);
    fputc('\n', out);
  }
  sigset_t set;
  pthread_sigmask(SIG_SETMASK, NULL, &set);
  fprintf(out, "signal mask: ");
  put_bytes(out, &set, NSIG / 8);
  sigpending(&set);
  fprintf(out, "\npending signals: ");
  put_bytes(out, &set, NSIG / 8);
  stack_t stack;
  sigaltstack(NULL, &stack);
  fprintf(out, "\nsignal stack: %p %x %zu\n", stack.ss_sp, (unsigned)stack.ss_flags, stack.ss_size);
  for (int which = ITIMER_REAL; which <= ITIMER_PROF; ++which) {
    struct itimerval timer;
    getitimer((__itimer_which_t)which, &timer);
    fprintf(out, "timer %d: each %ld.%06ld s\n", which, (long)timer.it_interval.tv_sec,
            (long)timer.it_interval.tv_usec);
  }
}

static void put_locale(FILE* out) {
  const struct lconv* conventions = localeconv();
  fprintf(out, "locale: %s, thread's %p, codeset %s, point \"%s\", separator \"%s\"\n", setlocale(LC_ALL, NULL),
          (void*)uselocale((locale_t)0), nl_langinfo(CODESET), conventions->decimal_point, conventions->thousands_sep);
  fprintf(out, "time zone: %s %s %ld %d\n", tzname[0], tzname[1], timezone, daylight);
  fprintf(out, "rounding: %d, trapped exceptions: %x\n", fegetround(), (unsigned)fegetexcept());
}

static void put_status_line(FILE* out, const char* name) {
  FILE* status = fopen("/proc/self/status", "re");
  char line[256];
  CHECK(status);
  while (fgets(line, sizeof line, status))
    if (strncmp(line, name, strlen(name)) == 0) fputs(line, out);
  fclose(status);
}

static void put_process(FILE* out) {
  char folder[4096];
  fprintf(out, "working directory: %s\n", getcwd(folder, sizeof folder));
  put_status_line(out, "Umask:");
  put_status_line(out, "NoNewPrivs:");
  put_status_line(out, "Uid:");
  put_status_line(out, "Gid:");
  put_status_line(out, "Cap");
  put_status_line(out, "VmLck:");
  for (int which = 0; which < RLIM_NLIMITS; ++which) {
    struct rlimit limit;
    if (getrlimit((__rlimit_resource_t)which, &limit) == 0)
      fprintf(out, "limit %d: %llx %llx\n", which, (unsigned long long)limit.rlim_cur,
              (unsigned long long)limit.rlim_max);
  }
  char name[17] = "";
  prctl(PR_GET_NAME, name);
  fprintf(out, "name of this thread: %s\n", name);
  fprintf(out, "may dump core: %d\n", prctl(PR_GET_DUMPABLE));
  fprintf(out, "timer slack: %d\n", prctl(PR_GET_TIMERSLACK));
  fprintf(out, "priority: %d, scheduler: %d\n", getpriority(PRIO_PROCESS, 0), sched_getscheduler(0));
  cpu_set_t processors;
  CPU_ZERO(&processors);
  sched_getaffinity(0, sizeof processors, &processors);
  fprintf(out, "processors: ");
  put_bytes(out, &processors, sizeof processors);
  fprintf(out, "\nenvironment at %p\n", (void*)environ);
  for (char** variable = environ; *variable; ++variable) fprintf(out, "variable %p %s\n", (void*)*variable, *variable);
}

static void put_text_of(FILE* out, const char* label, const char* path) {
  FILE* in = fopen(path, "re");
  char text[256] = "";
  if (in) {
    size_t length = fread(text, 1, sizeof text - 1, in);
    text[strcspn(text, "\n")] = 0;
    (void)length;
    fclose(in);
  }
  fprintf(out, "%s: %s\n", label, text);
}

/* Sorted by number, so that two listings can be compared. */
static void put_resources(FILE* out) {
  char path[64], target[4096];
  for (int fd = 0; fd < 1024; ++fd) {
    int flags = fcntl(fd, F_GETFD);
    if (flags < 0) continue;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(path, target, sizeof target - 1);
    target[length > 0 ? length : 0] = 0;
    fprintf(out, "descriptor %d: %s, flags %x, status %x\n", fd, target, (unsigned)flags, (unsigned)fcntl(fd, F_GETFL));
  }
  struct dirent** tasks;
  int count = scandir("/proc/self/task", &tasks, NULL, versionsort);
  for (int i = 0; i < count; ++i) {
    char label[64];
    if (tasks[i]->d_name[0] != '.') {
      snprintf(label, sizeof label, "thread %.16s", tasks[i]->d_name);
      snprintf(path, sizeof path, "/proc/self/task/%.16s/comm", tasks[i]->d_name);
      put_text_of(out, label, path);
    }
    free(tasks[i]);
  }
  free(tasks);
  snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
  put_text_of(out, "children", path);
}

char* snapshot_take(bool resources) {
  char* text = NULL;
  size_t size = 0;
  FILE* out = open_memstream(&text, &size);
  CHECK(out);
  put_signals(out);
  put_locale(out);
  put_process(out);
  if (resources) put_resources(out);
  fclose(out);
  return text;
}

void snapshot_compare(const char* before, char* after, const char* when) {
  if (strcmp(before, after) != 0) {
    const char *old = before, *new = after;
    while (*old && *new) {
      size_t old_length = strcspn(old, "\n"), new_length = strcspn(new, "\n");
      if (old_length != new_length || memcmp(old, new, old_length) != 0) break;
      old += old_length + 1;
      new += new_length + 1;
    }
    CHECK_SAYING(false, "%s, the process has changed.\nbefore: %.*s\nafter:  %.*s", when, (int)strcspn(old, "\n"), old,
                 (int)strcspn(new, "\n"), new);
  }
  free(after);
}
