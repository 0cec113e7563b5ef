#include "base/callback_scope.hpp"

namespace ecoauth {
namespace {
// A plain number: a thread_local with a destructor would pin the library and need the host's thread exit.
thread_local int depth = 0;
}  // namespace

CallbackScope::CallbackScope() { ++depth; }
CallbackScope::~CallbackScope() { --depth; }

bool inside_callback() { return depth > 0; }

}  // namespace ecoauth
