#include "store/file_error.hpp"

#include <cerrno>

#include "base/text.hpp"

namespace ecoauth {
namespace {

struct ErrnoRow {
  int number;
  const char* name;
  const char* text;
};

// strerror() follows the host's locale and shares a buffer.
const ErrnoRow errno_rows[] = {{EACCES, "EACCES", "permission denied"},
                               {EPERM, "EPERM", "operation not permitted"},
                               {ENOENT, "ENOENT", "no such file or folder"},
                               {ENOTDIR, "ENOTDIR", "a part of the path is not a folder"},
                               {EISDIR, "EISDIR", "it is a folder"},
                               {EEXIST, "EEXIST", "it exists already"},
                               {ELOOP, "ELOOP", "it is a symbolic link"},
                               {ENAMETOOLONG, "ENAMETOOLONG", "the name is too long"},
                               {ENOSPC, "ENOSPC", "no space left on device"},
                               {EDQUOT, "EDQUOT", "disk quota exceeded"},
                               {EFBIG, "EFBIG", "file size limit exceeded"},
                               {EROFS, "EROFS", "read-only file system"},
                               {EIO, "EIO", "input/output error"},
                               {EMFILE, "EMFILE", "too many open files in this process"},
                               {ENFILE, "ENFILE", "too many open files in the system"},
                               {ENOMEM, "ENOMEM", "out of memory"},
                               {ENOLCK, "ENOLCK", "no locks available"},
                               {ESTALE, "ESTALE", "stale file handle"},
                               {EBUSY, "EBUSY", "device or resource busy"},
                               {ETXTBSY, "ETXTBSY", "file is being executed"},
                               {EINTR, "EINTR", "interrupted"},
                               {EAGAIN, "EAGAIN", "temporarily unavailable"},
                               {EINVAL, "EINVAL", "not possible there"},
                               {ENOSYS, "ENOSYS", "the kernel does not offer it"},
                               {EOPNOTSUPP, "EOPNOTSUPP", "the file system does not offer it"},
                               {ENXIO, "ENXIO", "no such device"},
                               {ENODEV, "ENODEV", "no such device"},
                               {ENOTCONN, "ENOTCONN", "the file system is not connected"},
                               {ETIMEDOUT, "ETIMEDOUT", "the file system did not answer"}};

std::string advice_for(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return "Free some space there, then try again.";
    case EFBIG:
      return "Raise the file size limit of this process (ulimit -f).";
    case EROFS:
      return "Make that file system writable, or choose another folder for the store.";
    case EMFILE:
    case ENFILE:
      return "Raise the limit of open files (ulimit -n), then try again.";
    case EACCES:
    case EPERM:
      return "Give this user access to it, or choose another folder for the store.";
    case ENOTDIR:
      return "Choose a folder for the store.";
    default:
      return {};
  }
}

}  // namespace

std::string errno_text(int error) {
  if (error < 0) error = -error;
  for (const ErrnoRow& row : errno_rows)
    if (row.number == error) return std::string(row.text) + " (" + row.name + ")";
  return "error " + to_text(error);
}

std::string on_one_line(std::string_view path) {
  bool plain = valid_utf8(path);
  for (unsigned char c : path) plain = plain && c >= 0x20 && c != 0x7f;
  return plain ? std::string(path) : printable(path, 4096);
}

std::string shown(std::string_view path) { return "\"" + on_one_line(path) + "\""; }

std::string shell_word(std::string_view path) {
  std::string word = "'";
  for (char c : path) {
    if (c == '\'')
      word += "'\\''";
    else
      word += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  return word + "'";
}

Error file_error(const std::string& doing, const std::string& path, int error) {
  if (error < 0) error = -error;
  int32_t code = error == EACCES || error == EPERM ? ECOAUTH_ERROR_STORE_PERMISSION : ECOAUTH_ERROR_STORE;
  Error result = make_error(code, "cannot " + doing + " " + shown(path) + ": " + errno_text(error));
  std::string advice = advice_for(error);
  if (!advice.empty()) result.advice = advice;
  return result;
}

Error write_error(const std::string& doing, const std::string& path, int error) {
  Error result = file_error(doing, path, error);
  result.message += "; the tokens already stored are untouched";
  return result;
}

}  // namespace ecoauth
