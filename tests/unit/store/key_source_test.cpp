// Keys from files, descriptors and callbacks: which are taken, which refused, and what is said then.
#include <ecoauth/store.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <stdexcept>

#include "base/callback_scope.hpp"
#include "base/digest.hpp"
#include "processes.hpp"
#include "store/key_callback.hpp"
#include "store/key_file.hpp"
#include "store/key_list.hpp"
#include "store/lent_blob.hpp"
#include "store_support.hpp"
#include "support/temp_folder.hpp"

using namespace ecoauth;

namespace {

const std::string first = sha256("first"), second = sha256("second");

std::string id_of(const std::string& bytes) { return SealKey::from(bytes)->id(); }

/// The id of the key, or "!" and the name of the error.
std::string told(const Result<SealKey>& key) {
  return key ? key.value().id() : std::string("!") + result_name(key.error().code);
}

/// The ids, separated by blanks, or "!" and the name of the error.
std::string parsed(const std::string& bytes) {
  auto keys = parse_keys(bytes, "the test");
  if (!keys) return std::string("!") + result_name(keys.error().code);
  std::string ids;
  for (const SealKey& key : keys.value()) ids += (ids.empty() ? "" : " ") + key.id();
  return ids;
}

struct FileFixture {
  TempFolder temp;
  const std::string path = temp / "key";
  std::unique_ptr<KeySource> source = make_file_keys(path);

  FileFixture() { write(first); }
  void write(const std::string& bytes, mode_t mode = 0400) {
    std::filesystem::remove(path);
    write_file(path, bytes);
    chmod(path.c_str(), mode);
  }
  void refused(const char* code, const std::string& advice) {
    auto key = source->current_key();
    BOOST_TEST(told(key) == code);
    BOOST_TEST(key.error().message.find(path) != std::string::npos, key.error().message);
    BOOST_TEST(key.error().advice.find(advice) != std::string::npos, key.error().advice);
    BOOST_TEST(key.error().action == ECOAUTH_ACTION_FIX_STORAGE);
    BOOST_TEST(told(source->key_of(id_of(first))) == code);
  }
};

struct Pipe {
  int ends[2];
  Pipe() {
    if (pipe(ends) != 0) throw std::runtime_error("cannot make a pipe");
  }
  ~Pipe() { close_writer(), close(ends[0]); }
  void put(const std::string& bytes) { (void)!::write(ends[1], bytes.data(), bytes.size()); }
  void close_writer() {
    if (ends[1] >= 0) close(ends[1]);
    ends[1] = -1;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(key_sources)

BOOST_AUTO_TEST_CASE(keys_as_they_are_written_down) {
  const std::string one = id_of(first), both = one + " " + id_of(second);
  BOOST_TEST(parsed(first) == one);
  BOOST_TEST(parsed(first + second) == both);
  BOOST_TEST(parsed(to_hex(first)) == one);
  BOOST_TEST(parsed(to_hex(first) + "\n") == one);
  BOOST_TEST(parsed(" \n" + to_hex(first) + "\r\n\n" + to_hex(second)) == both);
  std::string capitals = to_hex(first);
  for (char& c : capitals) c = static_cast<char>(toupper(c));
  BOOST_TEST(parsed(capitals) == one);

  std::string many;
  for (int i = 0; i < 16; ++i) many += sha256(std::to_string(i));
  BOOST_TEST(parsed(many).size() == 16u * 17 - 1);
  for (const std::string& bad :
       {std::string(), std::string("\n\n"), first.substr(1), first + "\n", first + "x", to_hex(first).substr(1),
        to_hex(first) + "0", to_hex(first) + to_hex(second), std::string("a password of 32 characters, ha!"),
        std::string(64, 'g'), std::string(32, '\0'), std::string(64, '0'), many + first, to_hex(first) + "\n" + second,
        std::string(longest_key_list_bytes + 1, 'x')})
    BOOST_TEST(parsed(bad) == "!STORE", to_hex(bad));
}

BOOST_AUTO_TEST_CASE(no_error_shows_a_key) {
  const std::string almost = to_hex(first).substr(1);
  auto keys = parse_keys(almost, "the test");
  BOOST_TEST(keys.error().message.find(almost.substr(0, 8)) == std::string::npos);
  BOOST_TEST(keys.error().advice.find("openssl rand -hex 32") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_file_is_read_whenever_it_is_asked_for, FileFixture) {
  BOOST_TEST(told(source->current_key()) == id_of(first));
  write(to_hex(second) + "\n" + to_hex(first) + "\n", 0600);
  BOOST_TEST(told(source->current_key()) == id_of(second));
  BOOST_TEST(told(source->key_of(id_of(first))) == id_of(first));
  auto unknown = source->key_of("0123456789abcdef");
  BOOST_TEST(told(unknown) == "!STORE");
  BOOST_TEST(unknown.error().message.find("0123456789abcdef") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_file_that_others_may_know_is_refused, FileFixture) {
  for (mode_t mode : {0404, 0402, 0604, 0640, 0620, 0444, 0666}) {
    write(first, mode);
    refused("!STORE_PERMISSION", "chmod 400");
  }
  write(first);
  chmod(temp.path().c_str(), 0777);
  refused("!STORE_PERMISSION", "ls -ld");
  chmod(temp.path().c_str(), 0700);
  std::filesystem::create_hard_link(path, temp / "other");
  refused("!STORE_PERMISSION", "-samefile");
  std::filesystem::remove(temp / "other");
  BOOST_TEST(told(source->current_key()) == id_of(first));
}

BOOST_FIXTURE_TEST_CASE(what_is_no_file_is_refused, FileFixture) {
  std::filesystem::rename(path, temp / "there");
  refused("!STORE", "openssl rand -hex 32");
  std::filesystem::create_symlink("there", path);
  refused("!STORE_PERMISSION", "readlink -f");
  std::filesystem::remove(path);
  BOOST_TEST(mkfifo(path.c_str(), 0600) == 0);
  refused("!STORE_PERMISSION", "regular file");
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  refused("!STORE_PERMISSION", "regular file");
  BOOST_TEST(told(make_file_keys(temp / "no/such/folder")->current_key()) == "!STORE");
}

BOOST_FIXTURE_TEST_CASE(roots_file_is_taken_and_another_users_is_not, FileFixture) {
  if (geteuid() != 0) return;  // only root can make such files
  chmod(temp.path().c_str(), 0755);
  auto as_nobody = [&] {
    Child child([&] {
      if (setresuid(65534, 65534, 65534) != 0) return 70;
      auto key = source->current_key();
      return key ? 0 : -key.error().code - 200;
    });
    return child.wait();
  };
  BOOST_TEST((chown(path.c_str(), 0, 0) == 0));
  BOOST_TEST(as_nobody() == 102);  // STORE_PERMISSION
  chmod(path.c_str(), 0440);       // the group is still root's
  BOOST_TEST(as_nobody() == 0);
  chmod(path.c_str(), 0444);
  BOOST_TEST(as_nobody() == 102);
  write(first, 0400);
  BOOST_TEST((chown(path.c_str(), 65534, 0) == 0));
  BOOST_TEST(as_nobody() == 0);
  BOOST_TEST((chown(path.c_str(), 65533, 0) == 0));
  BOOST_TEST(as_nobody() == 102);
  BOOST_TEST(told(source->current_key()) == "!STORE_PERMISSION");
}

BOOST_AUTO_TEST_CASE(a_pipe_is_read_once_to_its_end) {
  Pipe pipe;
  pipe.put(to_hex(second) + "\n");
  auto source = make_descriptor_keys(pipe.ends[0]);
  pipe.put(to_hex(first) + "\n");
  pipe.close_writer();
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(told(source->current_key()) == id_of(second));
    BOOST_TEST(told(source->key_of(id_of(first))) == id_of(first));
  }
  BOOST_TEST(told(source->key_of("0123456789abcdef")) == "!STORE");
  BOOST_TEST(fcntl(pipe.ends[0], F_GETFD) >= 0);  // the host's own is the host's
}

BOOST_AUTO_TEST_CASE(a_descriptor_without_a_key_stays_so) {
  for (const std::string& bytes : {std::string(), std::string("no key"), std::string(100000, 'x')}) {
    TempFolder temp;
    write_file(temp / "key", bytes);
    chmod((temp / "key").c_str(), 0600);
    int descriptor = open((temp / "key").c_str(), O_RDONLY);
    auto source = make_descriptor_keys(descriptor);
    close(descriptor);
    BOOST_TEST(told(source->current_key()) == "!STORE");
    BOOST_TEST(told(source->current_key()) == "!STORE");
  }
}

BOOST_AUTO_TEST_CASE(files_sockets_and_memory_serve_as_descriptors) {
  TempFolder temp;
  write_file(temp / "key", first);
  chmod((temp / "key").c_str(), 0600);
  int file = open((temp / "key").c_str(), O_RDONLY);
  lseek(file, 10, SEEK_SET);  // somebody else reads it too
  int memory = memfd_create("key", MFD_CLOEXEC);
  BOOST_TEST(write(memory, first.data(), first.size()) == 32);
  int sockets[2];
  BOOST_TEST(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
  BOOST_TEST(write(sockets[1], first.data(), first.size()) == 32);
  close(sockets[1]);
  for (int descriptor : {file, memory, sockets[0]}) {
    auto source = make_descriptor_keys(descriptor);
    BOOST_TEST(told(source->current_key()) == id_of(first));
    close(descriptor);
    BOOST_TEST(told(source->current_key()) == id_of(first));
  }
}

BOOST_AUTO_TEST_CASE(descriptors_that_cannot_be_are_refused) {
  BOOST_TEST(!make_descriptor_keys(-1));
  BOOST_TEST(!make_descriptor_keys(999999));
  int device = open("/dev/zero", O_RDONLY);
  BOOST_TEST(told(make_descriptor_keys(device)->current_key()) == "!STORE_PERMISSION");
  close(device);
  TempFolder temp;
  write_file(temp / "key", first);
  chmod((temp / "key").c_str(), 0644);
  int file = open((temp / "key").c_str(), O_RDONLY);
  BOOST_TEST(told(make_descriptor_keys(file)->current_key()) == "!STORE_PERMISSION");
  close(file);
  Pipe pipe;
  auto writer = make_descriptor_keys(pipe.ends[1]);
  pipe.close_writer();
  BOOST_TEST(told(writer->current_key()) == "!STORE");
}

BOOST_AUTO_TEST_CASE(a_callback_is_asked_for_the_current_key_or_one_by_name) {
  std::string asked;
  bool marked = true;
  auto source = make_callback_keys([&](const char* id, ecoauth_blob* out) -> int32_t {
    marked = marked && inside_callback();
    asked += std::string(id ? id : "current") + " ";
    if (id && id != id_of(first)) return ECOAUTH_STORE_NOT_FOUND;
    const std::string& key = id ? first : second;
    out->set(key.data(), key.size());
    return ECOAUTH_STORE_OK;
  });
  BOOST_TEST(told(source->current_key()) == id_of(second));
  BOOST_TEST(told(source->key_of(id_of(first))) == id_of(first));
  BOOST_TEST(told(source->key_of("0123456789abcdef")) == "!STORE");
  BOOST_TEST(asked == "current " + id_of(first) + " 0123456789abcdef ");
  BOOST_TEST(marked);
}

BOOST_AUTO_TEST_CASE(a_callback_that_fails_says_so) {
  std::function<int32_t(ecoauth_blob*)> behaviour;
  auto source = make_callback_keys([&](const char*, ecoauth_blob* out) { return behaviour(out); });
  behaviour = [](ecoauth_blob*) { return ECOAUTH_STORE_RETRY; };
  BOOST_TEST(source->current_key().error().action == ECOAUTH_ACTION_RETRY);
  behaviour = [](ecoauth_blob*) { return ECOAUTH_STORE_FATAL; };
  BOOST_TEST(told(source->current_key()) == "!CALLBACK");
  behaviour = [](ecoauth_blob*) { return ECOAUTH_STORE_NOT_FOUND; };
  BOOST_TEST(told(source->current_key()) == "!STORE");
  behaviour = [](ecoauth_blob*) { return ECOAUTH_STORE_OK; };
  BOOST_TEST(told(source->current_key()) == "!CALLBACK");
  behaviour = [](ecoauth_blob* out) { return out->set("too short", 9), ECOAUTH_STORE_OK; };
  BOOST_TEST(told(source->current_key()) == "!CALLBACK");
  behaviour = [](ecoauth_blob* out) { return out->set(first.data(), first.size()), ECOAUTH_STORE_OK; };
  BOOST_TEST(told(source->key_of(id_of(second))) == "!CALLBACK");
  behaviour = [](ecoauth_blob*) -> int32_t { throw std::runtime_error("host trouble"); };
  BOOST_TEST(source->current_key().error().message.find("host trouble") != std::string::npos);
  behaviour = [](ecoauth_blob* out) { return out->set(first.data(), first.size()), ECOAUTH_STORE_OK; };
  BOOST_TEST(told(source->current_key()) == id_of(first));
  source->host_ends();
  BOOST_TEST(told(source->current_key()) == "!CALLBACK");
}

BOOST_AUTO_TEST_SUITE_END()
