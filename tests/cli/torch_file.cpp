#include "tests/cli/torch_file.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>

#include "weights/safetensors.h"

namespace ink::test {
namespace {

std::string read_golden(const std::string& name) {
  std::ifstream file(INK_GOLDENS_DIR "/realcugan_pth/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string little(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i, value >>= 8) text += static_cast<char>(static_cast<uint8_t>(value));
  return text;
}

// A zip archive of stored members.
class StoredZip {
 public:
  void add(const std::string& name, std::string_view data) {
    const uint64_t crc =
        crc32(0, reinterpret_cast<const Bytef*>(data.data()), static_cast<uInt>(data.size()));
    const std::string common = little(10, 2) + little(0, 8) + little(crc, 4) + little(data.size(), 4) +
                               little(data.size(), 4) + little(name.size(), 2) + little(0, 2);
    directory_ += "PK\x01\x02" + little(10, 2) + common + little(0, 10) + little(archive_.size(), 4) + name;
    archive_ += "PK\x03\x04" + common + name;
    archive_ += data;
    ++members_;
  }
  std::string finish() const {
    return archive_ + directory_ + "PK\x05\x06" + little(0, 4) + little(members_, 2) + little(members_, 2) +
           little(directory_.size(), 4) + little(archive_.size(), 4) + little(0, 2);
  }

 private:
  std::string archive_, directory_;
  uint64_t members_ = 0;
};

}  // namespace

void write_realcugan_pth(const Workplace& work, const std::string& name, const std::string& family,
                         const std::string& model) {
  const auto store = read_safetensors(work.path(model));
  ASSERT_TRUE(store.ok());
  StoredZip zip;
  zip.add("archive/data.pkl", read_golden(family + ".pkl"));
  zip.add("archive/byteorder", "little");
  std::istringstream storages(read_golden(family + ".txt"));
  std::string key, tensor;
  for (size_t elements = 0; storages >> key >> elements >> tensor;) {
    const StoredTensor* stored = store->find(tensor);
    ASSERT_NE(stored, nullptr) << tensor;
    ASSERT_EQ(stored->bytes.size(), elements * sizeof(float)) << tensor;
    zip.add("archive/data/" + key,
            {reinterpret_cast<const char*>(stored->bytes.data()), stored->bytes.size()});
  }
  zip.add("archive/version", "3\n");
  work.write(name, bytes_of(zip.finish()));
}

}  // namespace ink::test
