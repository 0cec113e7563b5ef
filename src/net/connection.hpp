// A byte stream to the peer, plain or TLS. Blocking; ended from outside by an Interruption.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "net/guarded_socket.hpp"

namespace ecoauth {

class Connection {
 public:
  enum class End {
    none,
    clean,   ///< FIN; with TLS only after close_notify
    cut,     ///< FIN without close_notify
    broken,  ///< reset, or not TLS any more
  };
  struct Read {
    size_t bytes = 0;
    End end = End::none;
  };

  explicit Connection(GuardedSocket socket) : socket_(std::move(socket)) {}
  virtual ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// The peer has closed its side already: what is written now is lost.
  bool peer_left() const { return socket_.peer_left(); }
  /// True when all bytes are with the kernel. Otherwise started() says whether any byte got that far.
  virtual bool write(std::string_view bytes) = 0;
  /// Has a byte of a write() been handed to the kernel?
  virtual bool started() const = 0;
  virtual Read read(char* buffer, size_t size) = 0;
  /// Says goodbye where the protocol has a word for it. May block like a write. Without it the peer sees a reset.
  virtual void finish() { socket_.part_in_peace(); }

 protected:
  GuardedSocket socket_;
};

std::unique_ptr<Connection> make_plain_connection(GuardedSocket socket);

}  // namespace ecoauth
