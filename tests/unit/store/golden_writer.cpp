// Writes the golden files: only for new ones. A file that a release has left behind never changes.
#include <cstdio>
#include <filesystem>

#include "golden_files.hpp"
#include "store_support.hpp"

int main(int argc, char* argv[]) {
  if (argc != 2) return std::fputs("usage: store-golden-writer FOLDER\n", stderr), 2;
  std::vector<ecoauth::GoldenFile> all = ecoauth::golden_records();
  for (const auto& sealed : ecoauth::golden_sealed_records()) all.push_back(sealed.file);
  for (const auto& files : {ecoauth::golden_foreign_records(), ecoauth::golden_token_files()})
    all.insert(all.end(), files.begin(), files.end());
  for (const auto& file : all) {
    std::string path = std::string(argv[1]) + "/" + file.name;
    if (!std::filesystem::exists(path)) ecoauth::write_file(path, file.bytes);
  }
  return 0;
}
