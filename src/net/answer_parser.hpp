// An HTTP/1.x answer from untrusted bytes, in any split. No I/O. POCO's own parser is not used here: it cannot tell a
// short body from a complete one, has other limits, and leaves tokens behind in its buffer pool.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "net/failure.hpp"

namespace ecoauth {

class AnswerParser {
 public:
  /// `bodyless`: the answer to HEAD.
  AnswerParser(size_t max_body_bytes, bool bodyless);
  ~AnswerParser();

  void take(std::string_view bytes);
  /// The connection ended: `complete` when the peer said so in a way that cannot be forged or lost (see
  /// Connection::End).
  void end(bool complete);
  /// The connection broke.
  void broken();

  /// No more bytes are needed.
  bool finished() const { return state_ == State::complete || state_ == State::failed; }
  bool ok() const { return state_ == State::complete; }
  /// The head is over and was refused: what still comes is only kept for its body.
  bool refused() const { return refusal_.kind != HttpFailure::none && state_ == State::until_close; }
  bool began() const { return any_byte_; }
  const Failure& failure() const { return failure_; }

  /// Moves status, body and the headers of interest out, whatever the state.
  void give(HttpResult& result);

 private:
  enum class State { status_line, fields, length, chunk_size, chunk_data, chunk_end, until_close, complete, failed };

  void fail(HttpFailure kind, std::string detail);
  void refuse(std::string detail);
  void line(std::string_view text);
  void status_line(std::string_view text);
  void field(std::string_view text);
  void head_over();
  void chunk_size(std::string_view text);
  bool take_line(std::string_view& bytes, size_t limit_bytes);
  void take_body(std::string_view& bytes, int64_t limit_bytes);

  const size_t max_body_bytes_;
  const bool bodyless_;
  State state_ = State::status_line;
  Failure failure_;
  Failure refusal_;
  bool any_byte_ = false;
  std::string line_;
  size_t head_bytes_ = 0;
  int fields_ = 0;
  int status_ = 0;
  bool http_1_0_ = false;
  int64_t length_ = -1;
  bool chunked_ = false;
  int64_t left_ = 0;
  Secret body_;
  std::string content_type_, retry_after_, date_;
};

}  // namespace ecoauth
