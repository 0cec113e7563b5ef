// A request and an answer without any server library, so that everything that decides about them runs without sockets.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/secret.hpp"
#include "sandbox/json.hpp"

namespace ecoauth::sandbox {

/// Parameters in order of appearance. They may be secrets, so they are wiped at the end.
class Params {
 public:
  Params() = default;
  Params(const Params&) = delete;
  Params& operator=(const Params&) = delete;
  Params(Params&&) = default;
  Params& operator=(Params&&) = default;
  ~Params();

  /// False when an escape is broken or there are more than a hundred.
  bool add_encoded(std::string_view text);
  Params clone() const;
  bool has(std::string_view name) const;
  /// Empty when absent.
  std::string_view get(std::string_view name) const;
  bool repeats(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return all_; }

 private:
  std::vector<std::pair<std::string, std::string>> all_;
};

struct Request {
  std::string method;
  std::string path;
  Params query;
  Params form;
  bool well_formed = true;  ///< parameters could be decoded
  std::string host;
  std::string origin;
  std::string fetch_site;
  std::string content_type;
  std::string authorization;
  std::string cookie;
  std::string user_agent;
  int connection = 0;  ///< the peer's port: tells connections apart
  bool secure = false;

  Request clone() const;
  /// HEAD is GET without a body, which the server leaves out.
  bool reads() const { return method == "GET" || method == "HEAD"; }
  bool brings_form() const;
  /// From the form, else from the query.
  std::string_view param(std::string_view name) const { return form.has(name) ? form.get(name) : query.get(name); }
  Secret secret_param(std::string_view name) const { return Secret(param(name)); }
};

struct Response {
  int status = 200;
  std::string content_type = "application/json;charset=UTF-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;

  // What a fault does to the answer on its way out.
  bool close_unanswered = false;
  bool reset = false;           ///< close with a TCP reset
  int64_t truncate_bytes = -1;  ///< announce the whole body, send this much of it
  int64_t hold_ms = 0;          ///< wait before sending
  int64_t drip_bytes = 0;       ///< send in pieces of this size
  int64_t drip_every_ms = 0;

  std::optional<Json> content;  ///< what `body` was written from

  static Response json(int status, Json json);
};

}  // namespace ecoauth::sandbox
