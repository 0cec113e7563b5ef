// An account's record in its store: one call at a time, on a worker, in the order in which the machine asked.

#include <exception>
#include <utility>

#include "client/account.hpp"
#include "client/account_list.hpp"
#include "protocol/seal.hpp"
#include "store/token_store.hpp"

namespace ecoauth {
namespace {

struct Found {
  std::optional<Record> record;
  std::string key;
};

/// `seal` is told when the record is closed for want of a key.
Result<Found> decode_found(const std::string& key, const Secret& bytes, std::string& seal) {
  auto record = decode_record(bytes.reveal());
  if (!record) {
    auto key_id = seal_key_id_of(bytes.reveal());
    if (key_id && !key_id.value().empty()) seal = seal_kind_aes;
    return record.error();
  }
  if (store_key(record.value().identity) != key)
    return make_error(ECOAUTH_ERROR_STORE_FOREIGN, "the record under this name belongs to another account or server");
  return Found{std::move(record.value()), key};
}

Result<Found> load_known(TokenStore& store, const std::string& key, const Identity& identity, std::string& seal) {
  auto bytes = store.load(key);
  if (!bytes) return bytes.error();
  if (!bytes.value()) return Found{{}, key};
  auto found = decode_found(key, *bytes.value(), seal);
  if (found && !(found.value().record->identity == identity))
    return make_error(ECOAUTH_ERROR_STORE_FOREIGN, "the record belongs to another account, server or client id");
  return found;
}

/// Without a client id the record is found by account and server, as long as there is only one.
Result<Found> search(TokenStore& store, const std::string& account, const std::string& origin, std::string& seal) {
  auto keys = store.list();
  if (!keys) {
    if (keys.error().code != ECOAUTH_ERROR_UNSUPPORTED) return keys.error();
    return make_error(ECOAUTH_ERROR_INVALID_ARGUMENT,
                      "no client id (application key) was given, and this store cannot be searched",
                      "Set the client id.");
  }
  std::optional<Found> match;
  std::optional<Error> unreadable;
  for (const std::string& key : keys.value()) {
    if (!may_be_key_of_account(key, account)) continue;
    auto stored = load_with_identity(store, key);
    if (!stored) {
      unreadable = stored.error();
      continue;
    }
    if (!stored.value()) continue;
    const Identity& identity = stored.value()->identity;
    if (identity.account != account || identity.origin != origin) continue;
    auto found = decode_found(key, stored.value()->bytes, seal);
    if (!found) {
      unreadable = found.error();
      continue;
    }
    if (found.value().record->signed_out()) continue;
    if (match)
      return make_error(ECOAUTH_ERROR_INVALID_ARGUMENT, "the store has records of this account for several client ids",
                        "Set the client id that is meant.");
    match = std::move(found.value());
  }
  if (match) return std::move(*match);
  if (unreadable) return *unreadable;
  return Found{};
}

Error no_store() { return make_error(ECOAUTH_ERROR_STORE, "no worker or no memory is to be had for the store"); }

}  // namespace

const Secret& Account::client_id() const {
  const Secret& given = runtime_->config.client_id;
  return given.empty() ? machine_.record().client_id : given;
}

void Account::on_store(StoreTask task) {
  store_tasks_.push_back(std::move(task));
  if (store_running_) return;
  store_running_ = runtime_->workers.post([self = shared_from_this()] { self->run_store_tasks(); });
  if (store_running_) return;
  StoreTask impossible = std::move(store_tasks_.back());
  store_tasks_.pop_back();
  impossible(nullptr)();
}

void Account::run_store_tasks() {
  struct Leave {  // also when a host ends this thread from inside its callback
    Account* account;
    bool orderly = false;
    ~Leave() {
      if (orderly) return;
      std::lock_guard lock(account->mutex_);
      account->store_running_ = false;
    }
  } leave{this};
  for (;;) {
    StoreTask task;
    {
      std::lock_guard lock(mutex_);
      if (store_tasks_.empty()) {
        store_running_ = false;
        leave.orderly = true;
        runtime_->something_changed();
        return;
      }
      task = std::move(store_tasks_.front());
      store_tasks_.pop_front();
    }
    Apply apply;
    {
      auto store = runtime_->store();
      try {
        apply = task(store.get());
      } catch (const std::exception&) {
        // Memory, as a rule. What was asked has failed; without an answer the account would wait for ever.
        apply = task(nullptr);
      }
    }
    std::lock_guard lock(mutex_);
    apply();
    settle();
  }
}

void Account::load() {
  const ClientConfig& config = runtime_->config;
  Identity identity{key_, config.origin.text(), machine_.record().identity.client_fingerprint};
  if (!client_id().empty()) {
    identity.client_fingerprint = fingerprint_of_client_id(client_id());
    store_key_ = store_key(identity);
  }
  // After a signing out the client id is not known any more: who authorizes anew may do so with another one. What is
  // locked stays where it is.
  const bool anywhere = client_id().empty() && (store_key_.empty() || !machine_.holds_lock());
  on_store([this, identity, key = store_key_, anywhere](TokenStore* store) -> Apply {
    Result<Found> found = no_store();
    std::optional<Protection> protection;
    if (store) {
      std::string seal;
      found =
          anywhere ? search(*store, identity.account, identity.origin, seal) : load_known(*store, key, identity, seal);
      protection = store->protection(found ? found.value().key : key);
      if (!found && !seal.empty()) protection->seal = seal;
    }
    auto shared = std::make_shared<Result<Found>>(std::move(found));
    return [this, shared, protection = std::move(protection)] {
      machine_.set_seal_outdated(protection && protection->outdated);
      if (protection) note_protection(*protection);
      if (!*shared) {
        machine_.loaded(shared->error(), now());
        return;
      }
      if (!shared->value().key.empty()) store_key_ = shared->value().key;
      machine_.loaded(std::move(shared->value().record), now());
    };
  });
}

Secret Account::encoded_record() const {
  const ClientConfig& config = runtime_->config;
  Record record = machine_.record().clone();
  // Signing out has taken the client id along, but not whose record it was.
  const bool known = !client_id().empty();
  record.identity = {key_, config.origin.text(),
                     known ? fingerprint_of_client_id(client_id()) : record.identity.client_fingerprint};
  // The client id is kept with a grant, so that later only the account need be named; it goes when the grant goes.
  if (record.grant || record.pending)
    record.client_id = client_id().clone();
  else
    record.client_id.clear();
  if (record.scope_asked.empty()) record.scope_asked = config.scope;
  // Room for a seal is always left: a record that fits without one must fit with it.
  return encode_record_within(record, longest_record_bytes - seal_overhead_bytes);
}

void Account::note_protection(Protection protection) {
  if (protection.seal != protection_.seal || protection.key_id != protection_.key_id)
    runtime_->logger.log(LogLevel::info, "account ", key_, ": the record is ",
                         protection.key_id.empty() ? "not sealed" : "sealed with the key " + protection.key_id);
  if (protection.trouble != protection_.trouble && !protection.trouble.empty())
    runtime_->logger.log(LogLevel::warning, "account ", key_, ": ", protection.trouble);
  protection_ = std::move(protection);
}

void Account::save() {
  auto bytes = std::make_shared<Secret>(encoded_record());
  const int64_t seq = machine_.record().seq;
  on_store([this, bytes, seq, key = store_key_](TokenStore* store) -> Apply {
    Result<bool> durable = true;
    if (!store) {
      durable = no_store();
    } else if (key.empty() || bytes->empty()) {
      durable = make_error(ECOAUTH_ERROR_STORE, "the record does not fit into the store");
    } else {
      auto outcome = store->save(key, seq - 1, *bytes, seq);
      if (outcome)
        durable = outcome.value() == SaveOutcome::saved;
      else
        durable = outcome.error();
    }
    std::optional<Protection> protection;
    if (store) protection = store->protection(key);
    auto unsaved = std::make_shared<Secret>();
    if (!durable || !durable.value()) {
      auto keeper = runtime_->store();
      if (keeper) *unsaved = keeper->as_stored(*bytes);
    }
    return [this, durable = std::move(durable), protection = std::move(protection), unsaved] {
      if (protection) note_protection(*protection);
      unsaved_record_ = std::move(*unsaved);
      machine_.saved(durable, now());
    };
  });
}

}  // namespace ecoauth
