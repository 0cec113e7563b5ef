// What the tests of this binding share: a sandbox, options for it, events to wait for, and the word for a proven step.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <ecoauth/ecoauth.hpp>
#include <filesystem>
#include <iostream>
#include <vector>

#include "support/sandbox_process.h"

inline const std::string client_id = "CppTestCppTestCppTestCppTestCpp1";
inline const std::string summary =
    "/1/"
    "thermostatSummary?json=%7B%22selection%22%3A%7B%22selectionType%22%3A%22registered%22%2C%22selectionMatch%22%3A%"
    "22%22%7D%7D";

/// Printed as the last act of a case whose every check is fatal; run_binding.py counts it.
inline void proven(const char* step) { std::cout << "scenario " << step << ": passed" << std::endl; }

struct Sandbox {
  explicit Sandbox(std::vector<const char*> arguments = {}) {
    arguments.insert(arguments.end(), {"--interval", "1", nullptr});
    sandbox_start(&process, std::getenv("ECOAUTH_SANDBOX"), arguments.data());
  }
  ~Sandbox() { sandbox_stop(&process); }
  void control(const char* what, const std::string& form) { sandbox_control(&process, what, form.c_str()); }
  std::string url() const { return process.url; }

  sandbox process{};
};

/// Everything that was handed to Options::on_event, to be waited for.
class Events {
 public:
  std::function<void(const ecoauth::Event&)> handler() {
    return [this](const ecoauth::Event& event) {
      std::lock_guard lock(mutex_);
      events_.push_back(event);
      changed_.notify_all();
    };
  }
  ecoauth::Event await(ecoauth::EventKind kind) {
    std::unique_lock lock(mutex_);
    auto found = events_.end();
    const bool came = changed_.wait_for(lock, std::chrono::seconds(30), [&] {
      found =
          std::find_if(events_.begin(), events_.end(), [&](const ecoauth::Event& event) { return event.kind == kind; });
      return found != events_.end();
    });
    BOOST_REQUIRE(came);
    ecoauth::Event event = *found;
    events_.erase(found);
    return event;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<ecoauth::Event> events_;
};

struct Folder {
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "ecoauth-cpp.XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

inline ecoauth::Options options_for(const Sandbox& sandbox) {
  ecoauth::Options options;
  options.client_id(client_id).base_url(sandbox.url()).store(ecoauth::memory_store());
  return options;
}

/// The error that a call throws; fails when it throws none.
template <typename Thrown, typename Function>
Thrown thrown_by(Function&& function) {
  try {
    function();
  } catch (const Thrown& thrown) {
    return thrown;
  }
  BOOST_FAIL("nothing was thrown");
  std::abort();
}
