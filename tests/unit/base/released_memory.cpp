#include "released_memory.hpp"

#include <malloc.h>

#include <cstdlib>
#include <cstring>
#include <new>

namespace {

// Constant-initialized and without destructors: the operators below run before main and after it.
thread_local char pattern[256];
thread_local size_t pattern_bytes = 0;
thread_local size_t seen = 0;

void release(void* block) {
  if (block && pattern_bytes && memmem(block, malloc_usable_size(block), pattern, pattern_bytes)) ++seen;
  std::free(block);
}

void* obtain(std::size_t size) {
  if (void* block = std::malloc(size ? size : 1)) return block;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return obtain(size); }
void* operator new[](std::size_t size) { return obtain(size); }
void operator delete(void* block) noexcept { release(block); }
void operator delete[](void* block) noexcept { release(block); }
void operator delete(void* block, std::size_t) noexcept { release(block); }
void operator delete[](void* block, std::size_t) noexcept { release(block); }

namespace ecoauth::test {

ReleasedMemory::ReleasedMemory(std::string_view wanted) {
  std::memcpy(pattern, wanted.data(), wanted.size() < sizeof pattern ? wanted.size() : sizeof pattern);
  pattern_bytes = wanted.size() < sizeof pattern ? wanted.size() : sizeof pattern;
  seen = 0;
}

ReleasedMemory::~ReleasedMemory() { pattern_bytes = 0; }

size_t ReleasedMemory::sightings() const { return seen; }

void ReleasedMemory::forget() { seen = 0; }

}  // namespace ecoauth::test
