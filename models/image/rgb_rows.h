#pragma once

#include <cstdint>

#include "kernels/base/picture_view.h"
#include "models/image/preprocess.h"

namespace ink {

// Row y of `src` as 8-bit RGB, as Pillow's convert("RGB"), or over white; w pixels in `scratch`, or in src
// itself where it is RGB already. What becomes of other modes: gray three times; palettes by their colours;
// ink c of 255 and black k to k' - c k' / 255 with k' = 255 - k; gray16 clamped to 255; rgb16 its high bytes.
const uint8_t* rgb_row(const PictureView& src, AlphaRule alpha, int y, uint8_t* scratch);

// Row y of a picture with alpha, colours times alpha as Pillow rounds them, and back again in place.
const uint8_t* premultiplied_row(const PictureView& src, int y, uint8_t* scratch);
void undo_premultiplied(uint8_t* samples, int64_t pixels, int channels);

}  // namespace ink
