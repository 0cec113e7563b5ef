// Ends connections whose peer keeps a thread of the server waiting: a slow or silent client must not be able to take
// all of them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <thread>

namespace ecoauth::sandbox {

class ConnectionWatch {
 public:
  /// A peer that is to act gets `patience`. When more than `most_waiting` peers are to act at once, the one that has
  /// had the most time is cut off, so that a new client always finds a thread.
  ConnectionWatch(size_t most_waiting, std::chrono::milliseconds patience);
  ~ConnectionWatch();
  ConnectionWatch(const ConnectionWatch&) = delete;
  ConnectionWatch& operator=(const ConnectionWatch&) = delete;

  /// Cuts off all connections, and each that comes later at once.
  void stop();

  /// A connection's entry while its thread serves it. The descriptor must stay open for as long.
  class Place {
   public:
    Place(ConnectionWatch& watch, int descriptor);
    ~Place();
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    /// The peer has to send a request, or to take an answer.
    void wait_for_peer();
    /// A request is complete: what happens now takes the time it takes.
    void work();

   private:
    friend class ConnectionWatch;
    ConnectionWatch& watch_;
    const int descriptor_;
  };

 private:
  using Time = std::chrono::steady_clock::time_point;

  void run();
  void make_room();

  const size_t most_waiting_;
  const std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::condition_variable wakeup_;
  std::map<const Place*, Time> waiting_;  ///< since when
  std::map<const Place*, int> open_;      ///< descriptors
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace ecoauth::sandbox
