#include "apps/cli/npy.h"

#include <utility>

#include "kernels/base/check.h"
#include "weights/message.h"

namespace ink::cli {
namespace {

// Eight bytes of magic and version, the length of what follows, and a Python literal that is padded so that
// the data starts on 64 bytes.
std::string header(size_t rows, size_t columns) {
  constexpr size_t kBefore = 10, kAlign = 64;
  std::string text =
      concat("{'descr': '<f4', 'fortran_order': False, 'shape': (", rows, ", ", columns, "), }");
  const size_t whole = (kBefore + text.size() + 1 + kAlign - 1) / kAlign * kAlign;
  text.resize(whole - kBefore - 1, ' ');
  text += '\n';
  std::string result("\x93NUMPY\x01\x00", 8);
  result += static_cast<char>(text.size() & 0xff);
  result += static_cast<char>(text.size() >> 8);
  return result + text;
}

}  // namespace

Result<NpyFile> NpyFile::create(const std::string& path, size_t rows, size_t columns) {
  INK_TRY(Output output, Output::create(path));
  NpyFile file(std::move(output), rows, columns);
  INK_TRY_STATUS(file.output_.write(std::as_bytes(std::span<const char>(header(rows, columns)))));
  return file;
}

Status NpyFile::append(std::span<const float> row) {
  INK_CHECK(row.size() == columns_ && written_ < rows_);
  ++written_;
  return output_.write(std::as_bytes(row));
}

Status NpyFile::commit() {
  INK_CHECK(written_ == rows_);
  return output_.commit();
}

}  // namespace ink::cli
