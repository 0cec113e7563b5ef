#include "store/secret_service.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <tuple>

#include "base/digest.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "store/file_error.hpp"
#include "store/key_list.hpp"
#include "store/session_bus.hpp"

namespace ecoauth {
namespace {

constexpr std::chrono::milliseconds patience{2000}, pause{20};
// Not by "xdg:schema": a locked GNOME Keyring does not find its own items by that.
constexpr const char *application_attribute = "application", *label_attribute = "label", *application = "ecoauth";
constexpr const char* name_while_making = "ecoauth.SealKey";  // only one on a bus can have it
constexpr uint32_t do_not_queue = 4, became_owner = 1;
constexpr const char* service = "org.freedesktop.secrets";
constexpr const char* service_path = "/org/freedesktop/secrets";
constexpr const char* service_interface = "org.freedesktop.Secret.Service";
constexpr const char* collection_interface = "org.freedesktop.Secret.Collection";
constexpr const char* item_interface = "org.freedesktop.Secret.Item";

using Paths = std::vector<std::string>;

Error no_collection() {
  return key_error(
      "there is no default keyring yet",
      "Make one with the keyring's own program, or by gnome-keyring-daemon --unlock; it becomes the default.");
}

Error odd_answer() {
  return key_error("the Secret Service (keyring) answered something that is not of its protocol",
                   "Update it, or give the key by a file or a systemd credential.");
}

/// One visit to the service: a connection, a session, and at most 2 seconds.
class Visit {
 public:
  explicit Visit(const std::string& label)
      : api_(SdBus::get()), label_(label), bus_(SessionBus::Clock::now() + patience) {}

  std::optional<Error> begin(const std::string& address) {
    if (auto error = bus_.connect(address)) return error;
    BusMessage ask = to_service("OpenSession");
    // In plain: whoever can listen on the user's own bus may as well ask for the secret.
    if (ask) api_->append(ask.get(), "sv", "plain", "s", "");
    auto answer = bus_.call(ask);
    if (!answer) return answer.error();
    const char *ignored = nullptr, *session = nullptr;
    if (api_->read(answer.value().get(), "vo", "s", &ignored, &session) < 0) return odd_answer();
    session_ = session;
    return std::nullopt;
  }

  /// The newest first.
  Result<std::vector<SealKey>> find() {
    auto items = unlocked_items();
    if (!items) return items.error();
    std::vector<std::tuple<uint64_t, size_t, std::string>> by_age;
    for (const std::string& item : items.value()) {
      auto made = items.value().size() > 1 ? made_at(item) : Result<uint64_t>(uint64_t{0});
      if (!made) return made.error();
      by_age.emplace_back(made.value(), item.size(), item);  // in one second: by the number in the path
    }
    std::sort(by_age.rbegin(), by_age.rend());
    std::vector<SealKey> keys;
    for (const auto& [made, length, item] : by_age) {
      auto key = key_in(item);
      if (!key) return key.error();
      keys.push_back(std::move(key.value()));
    }
    return keys;
  }

  /// Why nothing can be found, if the default collection is the reason.
  std::optional<Error> closed() {
    auto collection = default_collection();
    if (!collection) return collection.error();
    return std::nullopt;
  }

  /// When several want to make a key at once, one does and all use that.
  Result<SealKey> find_or_make() {
    for (;;) {
      auto keys = find();
      if (!keys) return keys.error();
      if (!keys.value().empty()) return std::move(keys.value().front());
      auto alone = only_maker();
      if (!alone) return alone.error();
      if (alone.value()) break;
      if (!bus_.in_time()) return key_error("another program has been making the key for 2 seconds", "Try again.");
      std::this_thread::sleep_for(pause);
    }
    auto keys = find();  // the last one may just have been here
    if (!keys) return keys.error();
    if (keys.value().empty()) {
      if (auto error = make()) return *error;
      keys = find();
      if (!keys) return keys.error();
    }
    if (keys.value().empty()) return odd_answer();
    return std::move(keys.value().front());
  }

 private:
  BusMessage to_service(const char* member) { return bus_.new_call(service, service_path, service_interface, member); }

  void append_attributes(sd_bus_message* message) {
    api_->append(message, "a{ss}", 2, application_attribute, application, label_attribute, label_.c_str());
  }

  bool read_paths(const BusMessage& answer, Paths& paths) {
    if (api_->enter_container(answer.get(), 'a', "o") < 0) return false;
    const char* path = nullptr;
    int result;
    while ((result = api_->read(answer.get(), "o", &path)) > 0) paths.emplace_back(path);
    return result == 0 && api_->exit_container(answer.get()) >= 0;
  }

  Result<Paths> unlocked_items() {
    BusMessage ask = to_service("SearchItems");
    if (ask) append_attributes(ask.get());
    auto answer = bus_.call(ask);
    if (!answer) return answer.error();
    Paths open, closed;
    if (!read_paths(answer.value(), open) || !read_paths(answer.value(), closed)) return odd_answer();
    if (open.empty() && !closed.empty()) return unlock(closed);
    return open;
  }

  /// Without asking anybody: what needs a dialog stays locked.
  Result<Paths> unlock(const Paths& closed) {
    BusMessage ask = to_service("Unlock");
    if (ask) {
      api_->open_container(ask.get(), 'a', "o");
      for (const std::string& path : closed) api_->append(ask.get(), "o", path.c_str());
      api_->close_container(ask.get());
    }
    auto answer = bus_.call(ask);
    if (!answer) return answer.error();
    Paths open;
    if (!read_paths(answer.value(), open)) return odd_answer();
    if (open.empty()) return keyring_locked();
    return open;
  }

  Result<BusMessage> property(const std::string& path, const char* interface, const char* name) {
    BusMessage ask = bus_.new_call(service, path.c_str(), "org.freedesktop.DBus.Properties", "Get");
    if (ask) api_->append(ask.get(), "ss", interface, name);
    return bus_.call(ask);
  }

  Result<uint64_t> made_at(const std::string& item) {
    auto answer = property(item, item_interface, "Created");
    if (!answer) return answer.error();
    uint64_t seconds = 0;
    if (api_->read(answer.value().get(), "v", "t", &seconds) < 0) return odd_answer();
    return seconds;
  }

  Result<SealKey> key_in(const std::string& item) {
    BusMessage ask = bus_.new_call(service, item.c_str(), item_interface, "GetSecret");
    if (ask) api_->append(ask.get(), "o", session_.c_str());
    auto answer = bus_.call(ask);
    if (!answer) return answer.error();
    sd_bus_message* message = answer.value().get();
    api_->message_sensitive(message);
    const char* session = nullptr;
    const void *ignored = nullptr, *value = nullptr;
    size_t ignored_size = 0, size = 0;
    if (api_->enter_container(message, 'r', "oayays") < 0 || api_->read(message, "o", &session) < 0 ||
        api_->read_array(message, 'y', &ignored, &ignored_size) < 0 ||
        api_->read_array(message, 'y', &value, &size) < 0)
      return odd_answer();
    auto keys = parse_keys({static_cast<const char*>(value), size}, "the keyring's item \"" + title() + "\"");
    if (!keys) return keys.error();
    return std::move(keys.value().front());
  }

  std::string title() const { return "ecoauth: key of " + on_one_line(label_); }

  /// False while somebody else is. The bus takes it back when this connection ends, however it ends.
  Result<bool> only_maker() {
    BusMessage ask =
        bus_.new_call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName");
    if (ask) api_->append(ask.get(), "su", name_while_making, do_not_queue);
    auto answer = bus_.call(ask);
    if (!answer) return answer.error();
    uint32_t result = 0;
    if (api_->read(answer.value().get(), "u", &result) < 0) return odd_answer();
    return result == became_owner;
  }

  Result<std::string> default_collection() {
    BusMessage ask = to_service("ReadAlias");
    if (ask) api_->append(ask.get(), "s", "default");
    auto answer = bus_.call(ask);
    if (!answer) return answer.error();
    const char* path = nullptr;
    if (api_->read(answer.value().get(), "o", &path) < 0) return odd_answer();
    if (std::string_view(path) == "/") return no_collection();
    const std::string collection = path;
    auto locked = property(collection, collection_interface, "Locked");
    if (!locked) return locked.error();
    int closed = 0;
    if (api_->read(locked.value().get(), "v", "b", &closed) < 0) return odd_answer();
    if (closed) {
      auto opened = unlock({collection});
      if (!opened) return opened.error();
    }
    return collection;
  }

  std::optional<Error> make() {
    auto collection = default_collection();
    if (!collection) return collection.error();
    std::string bytes = system_random().bytes(SealKey::size_bytes);
    std::string digits = to_hex(bytes);
    BusMessage ask = bus_.new_call(service, collection.value().c_str(), collection_interface, "CreateItem");
    if (ask) {
      sd_bus_message* message = ask.get();
      api_->message_sensitive(message);
      api_->open_container(message, 'a', "{sv}");
      api_->append(message, "{sv}", "org.freedesktop.Secret.Item.Label", "s", title().c_str());
      api_->append(message, "{sv}", "org.freedesktop.Secret.Item.Attributes", "a{ss}", 2, application_attribute,
                   application, label_attribute, label_.c_str());
      api_->close_container(message);
      api_->open_container(message, 'r', "oayays");
      api_->append(message, "o", session_.c_str());
      api_->append_array(message, 'y', nullptr, 0);
      api_->append_array(message, 'y', digits.data(), digits.size());
      api_->append(message, "s", "text/plain");
      api_->close_container(message);
      api_->append(message, "b", 0);  // never in place of another: an older key may still be needed
    }
    wipe(bytes);
    wipe(digits);
    auto answer = bus_.call(ask);
    if (!answer) return answer.error();
    const char *item = nullptr, *prompt = nullptr;
    if (api_->read(answer.value().get(), "oo", &item, &prompt) < 0) return odd_answer();
    if (std::string_view(item) == "/") return keyring_locked();
    return std::nullopt;
  }

  const SdBus* const api_;
  const std::string label_;
  SessionBus bus_;
  std::string session_;
};

class SecretServiceKeys final : public KeySource {
 public:
  SecretServiceKeys(std::string label, std::string address) : label_(std::move(label)), address_(std::move(address)) {
    if (address_.empty()) address_ = "unix:path=/run/user/" + to_text(geteuid()) + "/bus";
  }

  Result<SealKey> current_key() override {
    Visit visit(label_);
    if (auto error = visit.begin(address_)) return *error;
    return visit.find_or_make();
  }

  Result<SealKey> key_of(const std::string& id) override {
    Visit visit(label_);
    if (auto error = visit.begin(address_)) return *error;
    auto keys = visit.find();
    if (!keys) return keys.error();
    if (keys.value().empty())  // some do not show what is locked
      if (auto error = visit.closed()) return *error;
    return pick_key(keys.value(), id, "the keyring, under the label \"" + on_one_line(label_) + "\"");
  }

 private:
  const std::string label_;
  std::string address_;
};

}  // namespace

const bool secret_service_is_built_in = true;

std::unique_ptr<KeySource> make_secret_service_keys(std::string label, std::string address) {
  return std::make_unique<SecretServiceKeys>(std::move(label), std::move(address));
}

}  // namespace ecoauth
