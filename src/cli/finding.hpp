// What "ecoauth doctor" finds out.
#pragma once

#include <string>
#include <vector>

#include "cli/exit_codes.hpp"

namespace ecoauth::cli {

struct Finding {
  enum class Verdict { ok, note, warning, failed };

  std::string name;  ///< what was looked at
  Verdict verdict = Verdict::ok;
  std::string message;
  std::string advice;
  int exit_code = exit_ok;  ///< of a failed one
};

class Findings {
 public:
  void ok(std::string name, std::string message) {
    add({std::move(name), Finding::Verdict::ok, std::move(message), "", 0});
  }
  void note(std::string name, std::string message, std::string advice = "") {
    add({std::move(name), Finding::Verdict::note, std::move(message), std::move(advice), 0});
  }
  void warn(std::string name, std::string message, std::string advice) {
    add({std::move(name), Finding::Verdict::warning, std::move(message), std::move(advice), 0});
  }
  void fail(std::string name, std::string message, std::string advice, int exit_code) {
    add({std::move(name), Finding::Verdict::failed, std::move(message), std::move(advice), exit_code});
  }
  const std::vector<Finding>& all() const { return all_; }

 private:
  void add(Finding finding) { all_.push_back(std::move(finding)); }

  std::vector<Finding> all_;
};

}  // namespace ecoauth::cli
