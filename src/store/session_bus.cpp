#include "store/session_bus.hpp"

#include <dlfcn.h>

#include <cerrno>
#include <string_view>

#include "base/text.hpp"
#include "store/file_error.hpp"
#include "store/key_source.hpp"

namespace ecoauth {
namespace {

/// Later than ours, and given: without it sd-bus would look into the environment.
constexpr uint64_t its_own_limit_us = 60 * 1000000;

constexpr const char* other_sources = "or give the key by a file or a systemd credential.";

const SdBus* load() {
  void* library = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
  if (!library) return nullptr;
  auto* api = new SdBus;  // for ever, as the library
  bool complete = true;
  auto find = [&](auto& place, const char* name) {
    place = reinterpret_cast<std::decay_t<decltype(place)>>(dlsym(library, name));
    complete = complete && place;
  };
  find(api->make, "sd_bus_new");
  find(api->unref, "sd_bus_unref");
  find(api->set_address, "sd_bus_set_address");
  find(api->set_bus_client, "sd_bus_set_bus_client");
  find(api->set_method_call_timeout, "sd_bus_set_method_call_timeout");
  find(api->start, "sd_bus_start");
  find(api->close, "sd_bus_close");
  find(api->process, "sd_bus_process");
  find(api->wait, "sd_bus_wait");
  find(api->call_async, "sd_bus_call_async");
  find(api->slot_unref, "sd_bus_slot_unref");
  find(api->new_method_call, "sd_bus_message_new_method_call");
  find(api->message_ref, "sd_bus_message_ref");
  find(api->message_unref, "sd_bus_message_unref");
  find(api->message_sensitive, "sd_bus_message_sensitive");
  find(api->message_get_error, "sd_bus_message_get_error");
  find(api->append, "sd_bus_message_append");
  find(api->append_array, "sd_bus_message_append_array");
  find(api->open_container, "sd_bus_message_open_container");
  find(api->close_container, "sd_bus_message_close_container");
  find(api->read, "sd_bus_message_read");
  find(api->read_array, "sd_bus_message_read_array");
  find(api->enter_container, "sd_bus_message_enter_container");
  find(api->exit_container, "sd_bus_message_exit_container");
  return complete ? api : nullptr;
}

Error no_answer() {
  return key_error(
      "the Secret Service (keyring) did not answer within 2 seconds",
      std::string("Look for a dialog of it that waits for you; if it hangs, start it again, ") + other_sources);
}

Error lost(const std::string& address, int failure) {
  return key_error("the session's message bus at " + shown(address) + " cannot be used: " + errno_text(failure),
                   std::string("Run inside a desktop session or under dbus-run-session, ") + other_sources);
}

Error from_peer(const sd_bus_error& said) {
  const std::string_view name = said.name ? said.name : "";
  for (std::string_view absent : {"ServiceUnknown", "NameHasNoOwner", "Spawn.", "Disconnected", "NoReply"})
    if (name.find(absent) != std::string_view::npos)
      return key_error("no Secret Service (keyring) answers on the session's message bus",
                       std::string("Start one, such as gnome-keyring, KeePassXC or KWallet, ") + other_sources);
  if (name.find("IsLocked") != std::string_view::npos) return keyring_locked();
  return key_error("the Secret Service (keyring) answered " + printable(name, 100) + ": " +
                       printable(said.message ? said.message : "", 200),
                   std::string("Look at the keyring with its own program, ") + other_sources);
}

int keep_answer(sd_bus_message* message, void* place, sd_bus_error*) {
  static_cast<BusMessage*>(place)->reset(SdBus::get()->message_ref(message));
  return 1;
}

}  // namespace

Error keyring_locked() {
  return key_error("the keyring is locked",
                   "Unlock it: log in to the desktop or use the keyring's own program; without a desktop, "
                   "gnome-keyring-daemon --unlock reads the password from its standard input.");
}

const SdBus* SdBus::get() {
  static const SdBus* const loaded = load();
  return loaded;
}

SessionBus::~SessionBus() {
  if (!bus_) return;
  SdBus::get()->close(bus_);
  SdBus::get()->unref(bus_);
}

std::optional<Error> SessionBus::connect(const std::string& address) {
  const SdBus* api = SdBus::get();
  if (!api)
    return key_error("the Secret Service cannot be asked: libsystemd.so.0 is not on this system, or too old",
                     std::string("Install it (Debian: libsystemd0), ") + other_sources);
  address_ = address;
  for (const std::string& one : split(address, ";"))
    if (!starts_with(one, "unix:"))
      return key_error("the message bus at " + shown(address) + " is not a socket of this machine",
                       "Give the address of a bus on this machine, unix:path=...");
  int failure = api->make(&bus_);
  if (failure >= 0) failure = api->set_address(bus_, address.c_str());
  if (failure >= 0) failure = api->set_bus_client(bus_, 1);
  if (failure >= 0) failure = api->set_method_call_timeout(bus_, its_own_limit_us);
  if (failure >= 0) failure = api->start(bus_);
  if (failure < 0) return lost(address_, failure);
  return std::nullopt;
}

BusMessage SessionBus::new_call(const char* service, const char* path, const char* interface, const char* member) {
  sd_bus_message* message = nullptr;
  SdBus::get()->new_method_call(bus_, &message, service, path, interface, member);
  return BusMessage(message);
}

Result<BusMessage> SessionBus::call(const BusMessage& message) {
  const SdBus& api = *SdBus::get();
  if (!message) return make_error(ECOAUTH_ERROR_NO_MEMORY, "there is no memory for a message");
  BusMessage answer;
  sd_bus_slot* slot = nullptr;
  int result = api.call_async(bus_, &slot, message.get(), keep_answer, &answer, 0);
  while (result >= 0 && !answer) {
    result = api.process(bus_, nullptr);
    if (result != 0) continue;
    const auto left = std::chrono::duration_cast<std::chrono::microseconds>(deadline_ - Clock::now()).count();
    if (left <= 0) break;
    result = api.wait(bus_, static_cast<uint64_t>(left));
    if (result == -EINTR) result = 0;
  }
  api.slot_unref(slot);  // from here on nobody writes to `answer`
  if (answer) {
    if (const sd_bus_error* said = api.message_get_error(answer.get())) return from_peer(*said);
    return answer;
  }
  if (result < 0) return lost(address_, result);
  return no_answer();
}

}  // namespace ecoauth
