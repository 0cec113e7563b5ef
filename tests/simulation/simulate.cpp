// simulate: lives through years of an account, each drawn from a seed, and looks whether the grant was kept.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "year.hpp"

#include "base/text.hpp"
#include "timeline.hpp"

using namespace ecoauth::simulation;

namespace {

constexpr const char* usage =
    "usage: simulate [--seed N] [--years N] [--policy POLICY] [--verbose] [--sabotage WHAT]\n"
    "\n"
    "Year number i has the seed N + i; a year depends on nothing but its seed and policy. Without --policy the years\n"
    "take all policies in turn: reusable, strict, strict-family, grace, grace-last, until-used, idempotent, and\n"
    "grace-60s, grace-last-60s, idempotent-60s, whose grace time is a minute instead of longer than every absence.\n"
    "WHAT is broken on purpose: no-sync, no-locks, old-disk, revoked.\n";

struct Arguments {
  uint64_t seed = 1;
  int64_t years = 1;
  std::optional<Variant> variant;
  bool verbose = false;
  Sabotage sabotage = Sabotage::none;
  std::string sabotage_name;
};

[[noreturn]] void refuse(const std::string& why) {
  std::fprintf(stderr, "simulate: %s\n%s", why.c_str(), usage);
  std::exit(2);
}

Sabotage sabotage_named(const std::string& name) {
  if (name == "no-sync") return Sabotage::no_sync;
  if (name == "no-locks") return Sabotage::no_locks;
  if (name == "old-disk") return Sabotage::old_disk;
  if (name == "revoked") return Sabotage::revoked;
  refuse("no such sabotage: " + name);
}

Variant variant_named(const std::string& name) {
  for (const Variant& variant : variants())
    if (variant.name() == name) return variant;
  refuse("no such policy: " + name);
}

int64_t number_of(const std::string& text) {
  const auto number = ecoauth::parse_int(text);
  if (!number || *number < 0) refuse("not a number: " + text);
  return *number;
}

Arguments arguments_of(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    auto value = [&]() -> std::string {
      if (++i >= argc) refuse(name + " needs a value");
      return argv[i];
    };
    if (name == "--seed")
      arguments.seed = static_cast<uint64_t>(number_of(value()));
    else if (name == "--years")
      arguments.years = number_of(value());
    else if (name == "--policy")
      arguments.variant = variant_named(value());
    else if (name == "--verbose")
      arguments.verbose = true;
    else if (name == "--sabotage")
      arguments.sabotage = sabotage_named(arguments.sabotage_name = value());
    else
      refuse("unknown argument " + name);
  }
  return arguments;
}

/// What the years of one policy came to, or all years.
struct Sum {
  int64_t years = 0;
  std::map<std::string, int64_t> counts;
  Losses losses;
  std::vector<int64_t> windows_ms;
  int64_t most_refreshes = 0, most_without_clock = 0, most_steps = 0, most_requests = 0, longest_wait_ms = 0;

  void add(const YearReport& year) {
    ++years;
    for (const auto& [what, count] : year.counts) counts[what] += count;
    losses.in_window += year.losses.in_window;
    losses.by_late_copy += year.losses.by_late_copy;
    windows_ms.insert(windows_ms.end(), year.windows_ms.begin(), year.windows_ms.end());
    most_refreshes = std::max(most_refreshes, year.most_refreshes_in_an_hour);
    most_without_clock = std::max(most_without_clock, year.most_refreshes_without_clock);
    most_steps = std::max(most_steps, year.most_steps_in_an_hour);
    most_requests = std::max(most_requests, year.most_requests_in_an_hour);
    longest_wait_ms = std::max(longest_wait_ms, year.longest_wait_ms);
  }
  int64_t window_ms(double part) {
    if (windows_ms.empty()) return 0;
    std::sort(windows_ms.begin(), windows_ms.end());
    return windows_ms[static_cast<size_t>(part * static_cast<double>(windows_ms.size() - 1))];
  }
};

void print_violation(const Arguments& arguments, uint64_t seed, const Variant& variant, const YearReport& year) {
  std::printf("\nVIOLATION: %s\n", year.violation.c_str());
  std::printf("seed %llu, policy %s, day %lld of the year, digest %016llx. The last events:\n",
              static_cast<unsigned long long>(seed), variant.name().c_str(),
              static_cast<long long>(year.violated_at_ms / day_ms), static_cast<unsigned long long>(year.digest));
  for (const std::string& line : year.last_events) std::printf("  %s\n", line.c_str());
  std::printf("again: simulate --seed %llu --years 1 --policy %s%s --verbose\n", static_cast<unsigned long long>(seed),
              variant.name().c_str(),
              arguments.sabotage_name.empty() ? "" : (" --sabotage " + arguments.sabotage_name).c_str());
}

void print(std::map<std::string, Sum>& policies, Sum& all, uint64_t digest, double took_s) {
  std::printf("\n%-15s %6s %10s %10s %10s %10s\n", "policy", "years", "refreshes", "in an hour", "in window",
              "late copy");
  for (const Variant& variant : variants()) {
    auto found = policies.find(variant.name());
    if (found == policies.end()) continue;
    Sum& sum = found->second;
    std::printf("%-15s %6lld %10lld %10lld %10lld %10lld\n", variant.name().c_str(), static_cast<long long>(sum.years),
                static_cast<long long>(sum.counts["refreshes"]), static_cast<long long>(sum.most_refreshes),
                static_cast<long long>(sum.losses.in_window), static_cast<long long>(sum.losses.by_late_copy));
  }
  std::printf("\n");
  for (const auto& [what, count] : all.counts) std::printf("%10lld %s\n", static_cast<long long>(count), what.c_str());
  std::printf(
      "\nwithin an hour at most: %lld refreshes (%lld where no clock could tell), %lld refresh requests of a "
      "process, %lld steps of a process\n",
      static_cast<long long>(all.most_refreshes), static_cast<long long>(all.most_without_clock),
      static_cast<long long>(all.most_requests), static_cast<long long>(all.most_steps));
  std::printf("longest wait of a caller: %lld ms\n", static_cast<long long>(all.longest_wait_ms));
  std::printf("exposure windows that closed well: median %lld ms, 99 %% %lld ms, longest %lld ms\n",
              static_cast<long long>(all.window_ms(0.5)), static_cast<long long>(all.window_ms(0.99)),
              static_cast<long long>(all.window_ms(1)));
  std::printf("%lld years, digest %016llx, %.1f s, %.1f years a second\n", static_cast<long long>(all.years),
              static_cast<unsigned long long>(digest), took_s, static_cast<double>(all.years) / took_s);
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = arguments_of(argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, 1 << 16);
  const auto began = std::chrono::steady_clock::now();
  std::map<std::string, Sum> policies;
  Sum all;
  uint64_t digest = 0;
  int violations = 0;
  for (int64_t i = 0; i < arguments.years; ++i) {
    YearSettings settings;
    settings.seed = arguments.seed + static_cast<uint64_t>(i);
    settings.variant = arguments.variant ? *arguments.variant : variants()[static_cast<size_t>(i) % variants().size()];
    settings.verbose = arguments.verbose;
    settings.sabotage = arguments.sabotage;
    YearReport year = live_through_a_year(settings);
    digest = digest * 31 + year.digest;
    policies[settings.variant.name()].add(year);
    all.add(year);
    if (year.violation.empty()) continue;
    print_violation(arguments, settings.seed, settings.variant, year);
    if (++violations == 5) break;
  }
  print(policies, all, digest, std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
  return violations ? 1 : 0;
}
