#pragma once

#include "apps/cli/target_size.h"
#include "pictures/codec.h"
#include "pictures/picture.h"

namespace ink::cli {

// What a picture takes beside the network's own memory and beside what the process holds anyway, counted in
// bytes where it is most.
struct Footprint {
  uint64_t reading = 0;    // while it is decoded
  uint64_t computing = 0;  // while the network runs
  uint64_t joining = 0;    // while the result gets its size and its alpha
  uint64_t writing = 0;    // while the result is encoded
};

// `enlarged` is what the network makes of the picture, `size` what is written.
Footprint footprint(const PictureShape& shape, uint64_t file_bytes, PixelSize enlarged, PixelSize size,
                    const EncodeOptions& encode);

}  // namespace ink::cli
