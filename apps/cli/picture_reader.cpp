#include "apps/cli/picture_reader.h"

#include <algorithm>
#include <new>
#include <utility>

#include "apps/cli/interrupt.h"
#include "apps/cli/streams.h"
#include "apps/cli/text.h"
#include "pictures/codec.h"
#include "pictures/original.h"

namespace ink::cli {
namespace {

// Room for what a picture takes while it is decoded, given back with it.
class Room {
 public:
  Room(Lane<int>& lane, uint64_t bytes) : lane_(lane), bytes_(bytes), taken_(lane.reserve(bytes)) {}
  ~Room() {
    if (taken_) lane_.done(bytes_);
  }
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  bool taken() const { return taken_; }

 private:
  Lane<int>& lane_;
  const uint64_t bytes_;
  const bool taken_;
};

Result<uint64_t> bytes_to_read(const PictureShape& shape, const ImagePreprocess& how, int threads) {
  const PictureView view{shape.w, shape.h, PixelMode::rgb, nullptr, nullptr, nullptr};
  INK_TRY(const uint64_t preparing, preprocess_bytes(view, how, threads));
  const uint64_t samples = static_cast<uint64_t>(shape.w) * static_cast<uint64_t>(shape.h) *
                           static_cast<uint64_t>(std::max(shape.channels, 3));
  return shape.working_bytes + samples * static_cast<uint64_t>(shape.depth / 8) + preparing;
}

}  // namespace

PictureReader::PictureReader(const std::vector<std::string>& files, ReaderSettings settings)
    : files_(files),
      settings_(std::move(settings)),
      decoding_(settings_.most_bytes, SIZE_MAX),
      slots_(files.size()) {
  if (files.size() < 2) return;
  const size_t count = std::min(files.size(), static_cast<size_t>(settings_.threads));
  for (size_t i = 0; i < count; ++i) {
    threads_.emplace_back([this] { read_all(); });
  }
}

PictureReader::~PictureReader() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }
  decoding_.close();
  for (std::thread& thread : threads_) thread.join();
}

Result<PictureReader::Pixels> PictureReader::next() {
  if (threads_.empty()) return read_safely(files_[taken_++], settings_.threads);
  std::unique_lock lock(mutex_);
  Slot& slot = slots_[taken_];
  changed_.wait(lock, [&] { return slot.result || slot.bug; });
  ++taken_;
  changed_.notify_all();
  if (slot.bug) std::rethrow_exception(slot.bug);
  Result<Pixels> result = std::move(*slot.result);
  slot.result.reset();
  return result;
}

void PictureReader::read_all() {
  for (;;) {
    size_t at = 0;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock,
                    [&] { return stopped_ || begun_ == files_.size() || begun_ < taken_ + settings_.ahead; });
      if (stopped_ || begun_ == files_.size()) return;
      at = begun_++;
    }
    Slot slot;
    try {
      slot.result = interrupted() ? Result<Pixels>(interruption()) : read_safely(files_[at], 1);
    } catch (...) {
      slot.bug = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    slots_[at] = std::move(slot);
    changed_.notify_all();
  }
}

Result<PictureReader::Pixels> PictureReader::read_safely(const std::string& file, int threads) {
  try {
    return read(file, threads);
  } catch (const std::bad_alloc&) {
    return Error{ErrorKind::limit, input_name(file) + ": there is not enough memory for it"};
  }
}

Result<PictureReader::Pixels> PictureReader::read(const std::string& file, int threads) {
  const std::string name = input_name(file);
  INK_TRY(const FileBytes bytes, read_input(file, settings_.limits.file_bytes));
  INK_TRY(const PictureShape shape, picture_shape(bytes.bytes, name, settings_.limits));
  INK_TRY(const uint64_t taken, bytes_to_read(shape, settings_.how, threads));
  if (settings_.refuse && taken > settings_.most_bytes) {
    return Error{ErrorKind::limit, concat(name, ": takes ", size_text(taken), " to read, and ",
                                          size_text(settings_.most_bytes), " are left for it")};
  }
  const Room room(decoding_, taken);
  if (!room.taken()) return interruption();
  INK_TRY(const OriginalPicture picture,
          decode_original(bytes.bytes, name, settings_.how.decoder, settings_.limits));
  INK_TRY(const PictureSize size, output_size(picture.w, picture.h, settings_.how));
  if (!(size == settings_.size)) {
    return Error{ErrorKind::model, concat(name, ": preprocessing makes it ", size.w, "x", size.h,
                                          ", and the model takes ", settings_.size.w, "x", settings_.size.h)};
  }
  Pixels pixels(static_cast<size_t>(settings_.size.w) * static_cast<size_t>(settings_.size.h) * 3);
  const Status status = preprocess(picture.view(), settings_.how, pixels.data(), threads);
  if (!status.ok()) return Error{status.error().kind, concat(name, ": ", status.error().message)};
  return pixels;
}

}  // namespace ink::cli
