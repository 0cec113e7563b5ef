#include "net/resolver.hpp"

#include <netdb.h>
#include <netinet/in.h>

#include <atomic>
#include <list>
#include <mutex>

#include "base/text.hpp"
#include "base/thread.hpp"

namespace ecoauth {

namespace {
constexpr int64_t share_lookup_ms = 15000;  // an older lookup counts as hung and is not waited for again
constexpr size_t max_lookups = 8;

struct Lookup {
  std::string host;
  uint16_t port = 0;
  int64_t started_ms = 0;
  std::atomic<bool> done{false};
  Resolution resolution;  ///< written before `done`
};

Resolution from_addrinfo(int failed, addrinfo* list) {
  Resolution out;
  if (failed) {
    out.error = gai_strerror(failed);
    return out;
  }
  for (addrinfo* at = list; at; at = at->ai_next) {
    if (at->ai_addrlen > sizeof(sockaddr_storage)) continue;
    Address address;
    __builtin_memcpy(&address.storage, at->ai_addr, at->ai_addrlen);
    address.size = at->ai_addrlen;
    out.addresses.push_back(address);
  }
  freeaddrinfo(list);
  return out;
}

Resolution ask(const std::string& host, uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;  // not AI_ADDRCONFIG: it hides "localhost" from a machine without a network
  addrinfo* list = nullptr;
  int failed = getaddrinfo(host.c_str(), to_text(port).c_str(), &hints, &list);
  return from_addrinfo(failed, list);
}
}  // namespace

Resolution resolve_by_system(const std::string& host, uint16_t port) { return ask(host, port, 0); }

bool parse_address(const std::string& host, uint16_t port, Address& out) {
  Resolution resolution = ask(host, port, AI_NUMERICHOST);
  if (resolution.addresses.empty()) return false;
  out = resolution.addresses.front();
  return true;
}

bool Address::loopback() const {
  if (family() == AF_INET) return ntohl(reinterpret_cast<const sockaddr_in*>(&storage)->sin_addr.s_addr) >> 24 == 127;
  return family() == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_addr);
}

std::string address_text(const Address& address) {
  char host[NI_MAXHOST] = "";
  getnameinfo(reinterpret_cast<const sockaddr*>(&address.storage), address.size, host, sizeof host, nullptr, 0,
              NI_NUMERICHOST);
  return host;
}

struct Resolver::Core {
  ResolveFunction function;
  const Clock* clock;
  std::mutex mutex;
  std::list<std::shared_ptr<Lookup>> lookups;  ///< under way
  std::list<std::pair<const Lookup*, std::shared_ptr<Interruption>>> waiters;

  void run(const std::shared_ptr<Lookup>& lookup) {
    try {
      lookup->resolution = function(lookup->host, lookup->port);
    } catch (const std::exception&) {
      lookup->resolution.error = "out of memory";
    }
    lookup->done = true;
    std::list<std::pair<const Lookup*, std::shared_ptr<Interruption>>> mine;
    {
      std::lock_guard lock(mutex);
      lookups.remove(lookup);
      for (auto at = waiters.begin(); at != waiters.end();) {
        auto next = std::next(at);
        if (at->first == lookup.get()) mine.splice(mine.end(), waiters, at);
        at = next;
      }
    }
    for (auto& waiter : mine) waiter.second->wake();
  }
};

Resolver::Resolver(ResolveFunction function, const Clock& clock) : core_(std::make_shared<Core>()) {
  core_->function = std::move(function);
  core_->clock = &clock;
}

Step<std::vector<Address>> Resolver::resolve(const std::string& host, uint16_t port,
                                             const std::shared_ptr<Interruption>& until) {
  Address written;
  if (parse_address(host, port, written)) return std::vector<Address>{written};

  std::shared_ptr<Lookup> lookup;
  {
    std::lock_guard lock(core_->mutex);
    int64_t now_ms = core_->clock->boot_ms();
    bool full = core_->lookups.size() >= max_lookups;
    for (auto& other : core_->lookups)  // the youngest is last
      if (other->host == host && other->port == port && (full || now_ms - other->started_ms < share_lookup_ms))
        lookup = other;
    if (!lookup && full) return Failure{HttpFailure::resolve, "the system's name resolution hangs"};
    if (!lookup) {
      lookup = std::make_shared<Lookup>();
      lookup->host = host;
      lookup->port = port;
      lookup->started_ms = now_ms;
      core_->lookups.push_back(lookup);
      if (!start_thread("ecoauth-names", [core = core_, lookup] { core->run(lookup); })) {
        core_->lookups.pop_back();
        return Failure{HttpFailure::resolve, "no thread could be started for name resolution"};
      }
    }
    core_->waiters.emplace_back(lookup.get(), until);
  }
  bool answered = until->wait([&] { return lookup->done.load(); });
  {
    std::lock_guard lock(core_->mutex);
    core_->waiters.remove_if([&](auto& waiter) { return waiter.first == lookup.get() && waiter.second == until; });
  }
  if (!answered) return Failure{until->raised(), "while the name " + printable(host) + " was being resolved"};
  const Resolution& resolution = lookup->resolution;
  if (resolution.addresses.empty())
    return Failure{HttpFailure::resolve, "the name " + printable(host) + " could not be resolved: " +
                                             (resolution.error.empty() ? "no address" : printable(resolution.error))};
  return interleave_families(resolution.addresses);
}

std::vector<Address> interleave_families(std::vector<Address> addresses) {
  if (addresses.empty()) return addresses;
  std::list<Address> same, other;
  for (const Address& address : addresses)
    (address.family() == addresses.front().family() ? same : other).push_back(address);
  std::vector<Address> out;
  for (bool turn = true; !same.empty() || !other.empty(); turn = !turn) {
    auto& from = (turn && !same.empty()) || other.empty() ? same : other;
    out.push_back(from.front());
    from.pop_front();
  }
  return out;
}

}  // namespace ecoauth
