#include "sandbox/state_file.hpp"

#include <Poco/Exception.h>
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "sandbox/replace_file.hpp"

namespace ecoauth::sandbox {

namespace {
constexpr int format = 2;
constexpr size_t max_file_bytes = 64 << 20;

using Object = Poco::JSON::Object;

Json written(const PendingPin& each) {
  return Json::object()
      .set("pin", each.pin)
      .set("code", each.code_digest)
      .set("client", each.client_digest)
      .set("scope", each.scope)
      .set("account", each.account)
      .set("issued_ms", each.issued_ms)
      .set("expires_ms", each.expires_ms)
      .set("last_poll_ms", each.last_poll_ms)
      .set("state", static_cast<int>(each.state));
}

PendingPin read_pin(const Object& from) {
  PendingPin each;
  each.pin = from.getValue<std::string>("pin");
  each.code_digest = from.getValue<std::string>("code");
  each.client_digest = from.getValue<std::string>("client");
  each.scope = from.getValue<std::string>("scope");
  each.account = from.getValue<std::string>("account");
  each.issued_ms = from.getValue<Poco::Int64>("issued_ms");
  each.expires_ms = from.getValue<Poco::Int64>("expires_ms");
  each.last_poll_ms = from.getValue<Poco::Int64>("last_poll_ms");
  each.state = static_cast<PinState>(from.getValue<int>("state"));
  return each;
}

Json written(const BrowserCode& each) {
  return Json::object()
      .set("code", each.code_digest)
      .set("client", each.client_digest)
      .set("redirect_uri", each.redirect_uri)
      .set("scope", each.scope)
      .set("account", each.account)
      .set("challenge", each.challenge)
      .set("grant", each.grant_id)
      .set("expires_ms", each.expires_ms);
}

BrowserCode read_code(const Object& from) {
  BrowserCode each;
  each.code_digest = from.getValue<std::string>("code");
  each.client_digest = from.getValue<std::string>("client");
  each.redirect_uri = from.getValue<std::string>("redirect_uri");
  each.scope = from.getValue<std::string>("scope");
  each.account = from.getValue<std::string>("account");
  each.challenge = from.getValue<std::string>("challenge");
  each.grant_id = from.getValue<std::string>("grant");
  each.expires_ms = from.getValue<Poco::Int64>("expires_ms");
  return each;
}

Json written(const std::string& id, const Grant& grant, const Book& book) {
  Json refresh = Json::array();
  for (const RefreshToken& each : grant.family.tokens())
    refresh.push(Json::object()
                     .set("token", each.digest)
                     .set("parent", each.parent)
                     .set("issued_ms", each.issued_ms)
                     .set("rotated_ms", each.rotated_ms)
                     .set("last_used_ms", each.last_used_ms)
                     .set("dead", each.dead));
  Json access = Json::array();
  for (const std::string& digest : grant.access_digests)
    access.push(Json::object().set("token", digest).set("expires_ms", book.access.at(digest).expires_ms));
  // The one place where tokens themselves are kept: policy "idempotent" must be able to say them again.
  Json answers = Json::array();
  for (const auto& [digest, answer] : grant.answers)
    answers.push(Json::object()
                     .set("token", digest)
                     .set("access", answer.access.reveal())
                     .set("refresh", answer.refresh.reveal()));
  return Json::object()
      .set("id", id)
      .set("client", grant.client_digest)
      .set("scope", grant.scope)
      .set("account", grant.account)
      .set("subject", grant.subject)
      .set("account_id", grant.account_id)
      .set("created_ms", grant.created_ms)
      .set("last_used_ms", grant.last_used_ms)
      .set("ended", static_cast<int>(grant.ended))
      .set("refresh_tokens", std::move(refresh))
      .set("access_tokens", std::move(access))
      .set("answers", std::move(answers));
}

template <typename Take>
void each_object(const Object& from, const char* name, Take take) {
  const Poco::JSON::Array::Ptr list = from.getArray(name);
  if (!list) throw std::runtime_error(std::string("list ") + name + " is missing");
  for (unsigned i = 0; i < list->size(); ++i) {
    const Object::Ptr entry = list->getObject(i);
    if (!entry) throw std::runtime_error(std::string("an entry of ") + name + " is no object");
    take(*entry);
  }
}

void read_grant(const Object& from, Book& book) {
  const auto id = from.getValue<std::string>("id");
  Grant grant;
  grant.client_digest = from.getValue<std::string>("client");
  grant.scope = from.getValue<std::string>("scope");
  grant.subject = from.getValue<std::string>("subject");
  grant.account = from.getValue<std::string>("account");
  grant.account_id = from.getValue<std::string>("account_id");
  grant.created_ms = from.getValue<Poco::Int64>("created_ms");
  grant.last_used_ms = from.getValue<Poco::Int64>("last_used_ms");
  grant.ended = static_cast<Ended>(from.getValue<int>("ended"));
  each_object(from, "refresh_tokens", [&](const Object& entry) {
    RefreshToken token;
    token.digest = entry.getValue<std::string>("token");
    token.parent = entry.getValue<std::string>("parent");
    token.issued_ms = entry.getValue<Poco::Int64>("issued_ms");
    token.rotated_ms = entry.getValue<Poco::Int64>("rotated_ms");
    token.last_used_ms = entry.getValue<Poco::Int64>("last_used_ms");
    token.dead = entry.getValue<bool>("dead");
    book.refresh[token.digest] = id;
    grant.family.add(std::move(token));
  });
  each_object(from, "access_tokens", [&](const Object& entry) {
    const auto digest = entry.getValue<std::string>("token");
    grant.access_digests.push_back(digest);
    book.access[digest] = AccessToken{id, entry.getValue<Poco::Int64>("expires_ms")};
  });
  each_object(from, "answers", [&](const Object& entry) {
    grant.answers.emplace(
        entry.getValue<std::string>("token"),
        Grant::Answer{Secret(entry.getValue<std::string>("access")), Secret(entry.getValue<std::string>("refresh"))});
  });
  book.grants.emplace(id, std::move(grant));
}

/// The applications that the developer page registered; the command line's come again by themselves.
Json written_applications(const ClientRegistry& clients) {
  Json list = Json::array();
  for (const auto& [digest, each] : clients.all()) {
    if (!each.by_portal) continue;
    Json uris = Json::array();
    for (const std::string& uri : each.redirect_uris) uris.push(Json::object().set("uri", uri));
    list.push(Json::object()
                  .set("client", digest)
                  .set("name", each.name)
                  .set("method", each.method ? static_cast<int>(*each.method) : -1)
                  .set("redirect_uris", std::move(uris)));
  }
  return list;
}

void read_application(const Object& from, ClientRegistry& clients) {
  Application each;
  each.name = from.getValue<std::string>("name");
  if (const int method = from.getValue<int>("method"); method >= 0) each.method = static_cast<Method>(method);
  each_object(from, "redirect_uris",
              [&](const Object& entry) { each.redirect_uris.push_back(entry.getValue<std::string>("uri")); });
  each.known = each.by_portal = true;
  clients.add(from.getValue<std::string>("client"), std::move(each));
}

Json written_accounts(const Accounts& accounts) {
  Json list = Json::array();
  for (const auto& [name, account] : accounts.all())
    list.push(Json::object().set("name", name).set("salt", account.salt).set("key", account.key));
  return list;
}

Json written_sessions(const Accounts& accounts) {
  Json list = Json::array();
  for (const Accounts::Session& each : accounts.sessions())
    list.push(Json::object().set("cookie", each.cookie_digest).set("account", each.account));
  return list;
}

void read_people(const Object& root, World& world) {
  each_object(root, "accounts", [&](const Object& entry) {
    world.accounts.all()[entry.getValue<std::string>("name")] = {entry.getValue<std::string>("salt"),
                                                                 entry.getValue<std::string>("key")};
  });
  each_object(root, "sessions", [&](const Object& entry) {
    world.accounts.sessions().push_back(
        {entry.getValue<std::string>("cookie"), entry.getValue<std::string>("account")});
  });
  world.csrf_key = Secret(root.getValue<std::string>("csrf_key"));
}

std::string read_whole(int fd) {
  std::string text;
  char buffer[16384];
  for (;;) {
    const ssize_t got = read(fd, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw std::runtime_error(std::strerror(errno));
    if (got == 0) return text;
    text.append(buffer, static_cast<size_t>(got));
    if (text.size() > max_file_bytes) throw std::runtime_error("it is too large");
  }
}
}  // namespace

bool StateFile::load(World& world) const {
  const int fd = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return false;
  try {
    if (fd < 0) throw std::runtime_error(std::strerror(errno));
    std::string text;
    try {
      text = read_whole(fd);
    } catch (const std::runtime_error&) {
      close(fd);
      throw;
    }
    close(fd);
    Poco::JSON::Parser parser;
    const Object::Ptr root = parser.parse(text).extract<Object::Ptr>();
    wipe(text);
    if (root->getValue<int>("format") != format) throw std::runtime_error("it is of another version");
    Book book;
    each_object(*root, "pins", [&](const Object& entry) { book.pins.push_back(read_pin(entry)); });
    each_object(*root, "codes", [&](const Object& entry) { book.codes.push_back(read_code(entry)); });
    each_object(*root, "grants", [&](const Object& entry) { read_grant(entry, book); });
    each_object(*root, "disabled_clients",
                [&](const Object& entry) { world.clients.disable(entry.getValue<std::string>("client")); });
    each_object(*root, "applications", [&](const Object& entry) { read_application(entry, world.clients); });
    read_people(*root, world);
    if (const Secret pem(root->getValue<std::string>("signing_key")); !pem.empty())
      world.authorizations.shapes().use_signer(std::make_unique<JwtSigner>(world.random, pem));
    world.authorizations.book() = std::move(book);
    // The world's time went on meanwhile; the sandbox stays as far ahead of it, or behind it, as it was.
    world.clock.resume_at(world.clock.wall_ms() + root->getValue<Poco::Int64>("ahead_ms"));
    return true;
  } catch (const Poco::Exception& problem) {
    throw std::runtime_error("the state file " + path_ + " cannot be read: " + problem.displayText());
  } catch (const std::runtime_error& problem) {
    throw std::runtime_error("the state file " + path_ + " cannot be read: " + problem.what());
  }
}

void StateFile::save(const World& world) {
  const Book& book = world.authorizations.book();
  const Shapes& shapes = world.authorizations.shapes();
  Json pins = Json::array();
  for (const PendingPin& each : book.pins) pins.push(written(each));
  Json codes = Json::array();
  for (const BrowserCode& each : book.codes) codes.push(written(each));
  Json grants = Json::array();
  for (const auto& [id, grant] : book.grants) grants.push(written(id, grant, book));
  Json disabled = Json::array();
  for (const std::string& each : world.clients.disabled()) disabled.push(Json::object().set("client", each));
  std::string text = Json::object()
                         .set("format", format)
                         .set("advanced_ms", world.clock.advanced_ms())
                         .set("pins", std::move(pins))
                         .set("codes", std::move(codes))
                         .set("grants", std::move(grants))
                         .set("disabled_clients", std::move(disabled))
                         .set("applications", written_applications(world.clients))
                         .set("accounts", written_accounts(world.accounts))
                         .set("sessions", written_sessions(world.accounts))
                         .set("csrf_key", world.csrf_key.reveal())
                         .set("signing_key", shapes.has_signer() ? shapes.existing_signer().pem().reveal() : "")
                         .pretty();
  std::string digest = sha256(text);
  if (digest == last_digest_) return;
  // How far the sandbox's time is ahead of the world's differs at each look, so it stays out of the comparison.
  text.insert(1, "\n  \"ahead_ms\": " + to_text(world.clock.now_ms() - world.clock.wall_ms()) + ",");
  replace_file(path_, text);
  wipe(text);
  last_digest_ = std::move(digest);
}

}  // namespace ecoauth::sandbox
