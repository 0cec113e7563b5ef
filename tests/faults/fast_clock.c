/* Preloaded into a host: its time passes FAULTS_SPEED times faster, clocks and waits alike. */
#define _GNU_SOURCE 1
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { clocks = 12 };
static const int64_t second_ns = 1000000000;

static double speed = 1;
static int64_t base_ns[clocks];

static int64_t ns_of(const struct timespec* time) { return (int64_t)time->tv_sec * second_ns + time->tv_nsec; }
static struct timespec time_of(int64_t ns) {
  if (ns < 0) ns = 0;
  return (struct timespec){(time_t)(ns / second_ns), (long)(ns % second_ns)};
}

__attribute__((constructor)) static void begin(void) {
  const char* wanted = getenv("FAULTS_SPEED");
  struct timespec now;
  for (int clock = 0; clock < clocks; ++clock)
    if (syscall(SYS_clock_gettime, clock, &now) == 0) base_ns[clock] = ns_of(&now);
  if (wanted) speed = atof(wanted);
}

/* From the program's time to the machine's, and how long a wait of the program's really takes. */
static struct timespec really_at(clockid_t clock, const struct timespec* time) {
  int64_t base = clock >= 0 && clock < clocks ? base_ns[clock] : 0;
  return time_of(base + (int64_t)((double)(ns_of(time) - base) / speed));
}
static struct timespec really_for(const struct timespec* time) {
  int64_t ns = ns_of(time);
  return time_of(ns > 0 && (double)ns < speed ? 1 : (int64_t)((double)ns / speed));
}

int clock_gettime(clockid_t clock, struct timespec* time) {
  int result = (int)syscall(SYS_clock_gettime, clock, time);
  if (result == 0 && clock >= 0 && clock < clocks && clock != CLOCK_PROCESS_CPUTIME_ID &&
      clock != CLOCK_THREAD_CPUTIME_ID)
    *time = time_of(base_ns[clock] + (int64_t)((double)(ns_of(time) - base_ns[clock]) * speed));
  return result;
}

int timerfd_settime(int fd, int flags, const struct itimerspec* wanted, struct itimerspec* old) {
  struct itimerspec really = *wanted;
  /* The library's timers run on the boot clock. Zero stops one. */
  if (ns_of(&wanted->it_value) > 0)
    really.it_value =
        flags & TFD_TIMER_ABSTIME ? really_at(CLOCK_BOOTTIME, &wanted->it_value) : really_for(&wanted->it_value);
  return (int)syscall(SYS_timerfd_settime, fd, flags, &really, old);
}

int poll(struct pollfd* fds, nfds_t count, int timeout_ms) {
  struct timespec limit = time_of((int64_t)((double)timeout_ms * 1e6 / speed));
  return (int)syscall(SYS_ppoll, fds, count, timeout_ms < 0 ? NULL : &limit, NULL, 8);
}

int nanosleep(const struct timespec* wanted, struct timespec* left) {
  struct timespec really = really_for(wanted);
  return (int)syscall(SYS_nanosleep, &really, left);
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec* wanted, struct timespec* left) {
  struct timespec really = flags & TIMER_ABSTIME ? really_at(clock, wanted) : really_for(wanted);
  return syscall(SYS_clock_nanosleep, clock, flags, &really, left) == 0 ? 0 : EINTR;
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                           const struct timespec* until) {
  static int (*real)(pthread_cond_t*, pthread_mutex_t*, clockid_t, const struct timespec*);
  struct timespec really = really_at(clock, until);
  if (!real) *(void**)&real = dlsym(RTLD_NEXT, "pthread_cond_clockwait");
  return real(condition, mutex, clock, &really);
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const struct timespec* until) {
  static int (*real)(pthread_cond_t*, pthread_mutex_t*, const struct timespec*);
  struct timespec really = really_at(CLOCK_REALTIME, until);
  if (!real) *(void**)&real = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
  return real(condition, mutex, &really);
}
