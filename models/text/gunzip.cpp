#include "models/text/gunzip.h"

#include <zlib.h>

#include <memory>

#include "kernels/base/check.h"
#include "weights/message.h"

namespace ink {

bool is_gzip(std::string_view bytes) { return bytes.starts_with("\x1F\x8B"); }

Result<std::string> gunzip(std::string_view bytes, size_t most_bytes, std::string_view file) {
  if (bytes.size() > UINT32_MAX)
    return model_error(file, ": expected less than 4 GiB, found ", bytes.size(), " bytes");
  z_stream stream{};
  constexpr int kWindow = 15, kGzip = 16;
  INK_CHECK(inflateInit2(&stream, kWindow + kGzip) == Z_OK);
  const std::unique_ptr<z_stream, int (*)(z_stream*)> closer(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  constexpr size_t kPiece = 1 << 16;
  for (int state = Z_OK; state != Z_STREAM_END;) {
    const size_t begin = out.size();
    out.resize(begin + kPiece);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + begin);
    stream.avail_out = kPiece;
    state = inflate(&stream, Z_NO_FLUSH);
    out.resize(begin + kPiece - stream.avail_out);
    if (out.size() > most_bytes)
      return model_error(file, ": expected at most ", most_bytes, " bytes in the .gz, found more");
    const bool is_short =
        state == Z_BUF_ERROR || (state == Z_OK && stream.avail_in == 0 && stream.avail_out > 0);
    if (is_short) return model_error(file, ": the .gz is cut short");
    if (state != Z_OK && state != Z_STREAM_END) {
      return model_error(file, ": the .gz is damaged, at byte ", bytes.size() - stream.avail_in);
    }
  }
  return out;
}

}  // namespace ink
