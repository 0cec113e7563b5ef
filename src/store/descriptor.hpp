// A descriptor that closes itself.
#pragma once

#include <utility>

#include "store/file_system.hpp"

namespace ecoauth {

class Descriptor {
 public:
  Descriptor() = default;
  Descriptor(FileSystem& fs, int number) : fs_(&fs), number_(number) {}
  Descriptor(Descriptor&& other) noexcept : fs_(other.fs_), number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      fs_ = other.fs_;
      number_ = std::exchange(other.number_, -1);
    }
    return *this;
  }
  ~Descriptor() { reset(); }

  int get() const { return number_; }
  bool valid() const { return number_ >= 0; }
  int release() { return std::exchange(number_, -1); }
  void reset() {
    if (number_ >= 0) fs_->close(number_);
    number_ = -1;
  }

 private:
  FileSystem* fs_ = nullptr;
  int number_ = -1;
};

}  // namespace ecoauth
