// Writes the golden files: only for new ones. A file that a release has left behind never changes.
#include <cstdio>
#include <filesystem>

#include "golden_files.hpp"
#include "store_support.hpp"

int main(int argc, char* argv[]) {
  if (argc != 2) return std::fputs("usage: store-golden-writer FOLDER\n", stderr), 2;
  for (const auto& files :
       {ecoauth::golden_records(), ecoauth::golden_foreign_records(), ecoauth::golden_token_files()})
    for (const auto& file : files) {
      std::string path = std::string(argv[1]) + "/" + file.name;
      if (!std::filesystem::exists(path)) ecoauth::write_file(path, file.bytes);
    }
  return 0;
}
