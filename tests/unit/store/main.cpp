#define BOOST_TEST_MODULE store
#include <malloc.h>

#include <boost/test/unit_test.hpp>

namespace {

/// Thousands of virtual disks are copied: most of the time would go into giving their memory back and getting it anew.
struct KeepMemory {
  KeepMemory() { mallopt(M_TRIM_THRESHOLD, 256 << 20), mallopt(M_MMAP_THRESHOLD, 64 << 20); }
};
BOOST_TEST_GLOBAL_CONFIGURATION(KeepMemory);

}  // namespace
