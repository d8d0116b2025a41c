#include "converters/sources/torch/torch.h"

#include <algorithm>
#include <string_view>

#include "converters/sources/torch/archive.h"
#include "converters/sources/torch/legacy.h"
#include "weights/message.h"
#include "weights/zip.h"

namespace ink {

namespace {

std::string_view head_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), std::min<size_t>(bytes.size(), 512)};
}

bool is_zip(std::span<const std::byte> bytes) {
  return head_of(bytes).starts_with("PK\x03\x04") || head_of(bytes).starts_with("PK\x05\x06");
}

// What torch wrote before 0.1.11.
bool is_tar(std::span<const std::byte> bytes) {
  constexpr size_t kMagicAt = 257;
  return head_of(bytes).size() > kMagicAt && head_of(bytes).substr(kMagicAt).starts_with("ustar");
}

}  // namespace

bool is_torch(std::span<const std::byte> bytes, const ModelLimits& limits) {
  if (torch_file::is_legacy(bytes)) return true;
  if (!is_zip(bytes)) return false;
  const auto zip = ZipReader::open(bytes, "", limits);
  return zip.ok() && torch_file::find_folder(*zip, "").ok();
}

Result<std::unique_ptr<TensorSource>> open_torch(const FileBytes& file, const std::string& origin,
                                                 const ModelLimits& limits) {
  if (is_zip(file.bytes)) return torch_file::open_archive(file, origin, limits);
  if (torch_file::is_legacy(file.bytes)) return torch_file::open_legacy(file, origin, limits);
  if (is_tar(file.bytes)) {
    return model_error(origin,
                       ": is a tar archive, as torch wrote before 0.1.11; load it there and save it "
                       "again with torch.save(), then it can be read");
  }
  return model_error(origin,
                     ": begins at offset 0 like neither an archive of torch nor its older stream: "
                     "expected 'PK' or a pickle of torch's magic number");
}

}  // namespace ink
