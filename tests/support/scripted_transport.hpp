// An HttpTransport in memory: a function of the test answers, on a worker, with the life cycle of the real one.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/worker_pool.hpp"
#include "net/http_transport.hpp"

namespace ecoauth::test {

class ScriptedTransport final : public HttpTransport {
 public:
  /// Called on a worker for every request that is sent; may block.
  using Answer = std::function<HttpResult(const HttpRequest&)>;

  explicit ScriptedTransport(Answer answer);
  ~ScriptedTransport() override;

  std::shared_ptr<HttpExchange> submit(HttpRequest request, Hooks hooks) override;
  bool shutdown(int64_t timeout_ms) override;

  /// "METHOD target body" of every request that was sent, in order.
  std::vector<std::string> sent() const;
  /// How many sent requests had `part` in them.
  size_t count(const std::string& part) const;

 private:
  struct Core;
  const std::shared_ptr<Core> core_;
};

HttpResult answer(int status, std::string_view body);
/// "{"access_token": ...}" with these tokens.
HttpResult token_answer(const std::string& access_token, const std::string& refresh_token, int64_t expires_in_s = 3600);

}  // namespace ecoauth::test
