/* A Secret Service that misbehaves, on the session bus of DBUS_SESSION_BUS_ADDRESS. Says "ready" and then every method
 * that is called, a line each.
 *
 * usage: fake_secret_service hang | die | prompt | odd | empty
 *   hang    never answers         die     ends in the middle of the first call
 *   prompt  has a key that only a dialog would unlock, and nobody ever answers that
 *   odd     answers something else than was asked for
 *   empty   has no keyring at all
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

static const char* mode;

static void check(int result, const char* what) {
  if (result >= 0) return;
  fprintf(stderr, "fake_secret_service: %s: %s\n", what, strerror(-result));
  exit(1);
}

static int paths(sd_bus_message* answer, const char* path) {
  int result = sd_bus_message_open_container(answer, 'a', "o");
  if (result >= 0 && path) result = sd_bus_message_append(answer, "o", path);
  return result < 0 ? result : sd_bus_message_close_container(answer);
}

static int answer_to(sd_bus_message* call, const char* method) {
  const char* item = strcmp(mode, "prompt") == 0 ? "/org/freedesktop/secrets/collection/login/1" : NULL;
  sd_bus_message* answer = NULL;
  check(sd_bus_message_new_method_return(call, &answer), "answer");
  int result = 0;
  if (strcmp(mode, "odd") == 0)
    result = sd_bus_message_append(answer, "u", 7u);
  else if (strcmp(method, "OpenSession") == 0)
    result = sd_bus_message_append(answer, "vo", "s", "", "/session/1");
  else if (strcmp(method, "SearchItems") == 0)
    result = paths(answer, NULL) < 0 ? -1 : paths(answer, item);
  else if (strcmp(method, "Unlock") == 0)
    result = paths(answer, NULL) < 0 ? -1 : sd_bus_message_append(answer, "o", "/prompt/1");
  else if (strcmp(method, "ReadAlias") == 0)
    result = sd_bus_message_append(answer, "o", "/");
  if (result >= 0) result = sd_bus_send(NULL, answer, NULL);
  sd_bus_message_unref(answer);
  return result < 0 ? result : 1;
}

static int called(sd_bus_message* call, void* user_data, sd_bus_error* error) {
  const char* method = sd_bus_message_get_member(call);
  (void)user_data, (void)error;
  if (sd_bus_message_is_method_call(call, NULL, NULL) <= 0) return 0;
  printf("%s\n", method);
  fflush(stdout);
  if (strcmp(mode, "die") == 0) _exit(0);
  return answer_to(call, method);
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  mode = argv[1];
  sd_bus* bus = NULL;
  check(sd_bus_open_user(&bus), "bus");
  check(sd_bus_add_filter(bus, NULL, called, NULL), "filter");
  check(sd_bus_request_name(bus, "org.freedesktop.secrets", 0), "name");
  printf("ready\n");
  fflush(stdout);
  if (strcmp(mode, "hang") == 0) pause();
  for (;;) {
    int result = sd_bus_process(bus, NULL);
    if (result == 0) result = sd_bus_wait(bus, UINT64_MAX);
    if (result < 0) return 0; /* the bus has ended */
  }
}
