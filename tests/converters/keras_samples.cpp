#include "tests/converters/keras_samples.h"

#include "weights/sniff.h"

namespace ink::test {

std::string keras_golden(const std::string& name) { return INK_GOLDENS_DIR "/keras/" + name; }

Result<std::unique_ptr<TensorSource>> open_keras(std::span<const std::byte> bytes,
                                                 const std::string& origin) {
  return sniff(bytes) == FileFormat::zip ? open_keras_zip(bytes, nullptr, origin)
                                         : open_keras_h5(bytes, nullptr, origin);
}

}  // namespace ink::test
