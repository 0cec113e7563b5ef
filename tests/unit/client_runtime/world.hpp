// A client on a scripted server and a memory store: what these tests share.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "client/client.hpp"
#include "protocol/record.hpp"
#include "store/memory_store.hpp"
#include "support/scripted_transport.hpp"

namespace ecoauth::test {

inline const std::string client_id(32, 'k');

/// A gate that answers wait at.
class Gate {
 public:
  void open();
  void wait();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

class World {
 public:
  explicit World(ScriptedTransport::Answer answer, std::function<void(ClientSetup&)> change = {});
  ~World();

  /// Puts a grant into the store: access token "at-old" with this much life left, refresh token "rt-old".
  void seed_grant(int64_t left_ms, const std::string& account = "default");
  Record stored(const std::string& account = "default");
  /// The next event of this kind, within 10 s; others are dropped.
  Event next(int32_t kind);

  std::shared_ptr<TokenStore> store;
  std::shared_ptr<ScriptedTransport> transport;
  std::shared_ptr<Client> client;
};

std::string token_of(const Outcome& outcome);
Command get_token(int64_t min_valid_ms = 0);
Command command(Command::Kind kind);
/// Polls `condition` for at most 10 s.
bool eventually(const std::function<bool()>& condition);

}  // namespace ecoauth::test
