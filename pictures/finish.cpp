#include "pictures/finish.h"

#include <algorithm>
#include <utility>

#include "pictures/colour.h"
#include "pictures/metadata.h"
#include "pictures/orient.h"

namespace ink {

Picture finish_picture(Picture picture, ByteSpan exif) {
  picture.metadata.exif = copy_block(without_exif_prefix(exif));
  const int orientation = exif_orientation(picture.metadata.exif);
  picture.metadata.orientation = orientation;
  if (orientation != 1) {
    picture = oriented(std::move(picture), orientation);
    reset_orientation(picture.metadata);
  }
  fit_profile(picture);
  return picture;
}

PictureShape finished_shape(PictureShape shape, ByteSpan exif) {
  const int orientation = exif_orientation(without_exif_prefix(exif));
  const uint64_t bytes = static_cast<uint64_t>(shape.w) * static_cast<uint64_t>(shape.h) *
                         static_cast<uint64_t>(shape.channels) * static_cast<uint64_t>(shape.depth / 8);
  if (orientation != 1) shape.working_bytes = std::max(shape.working_bytes, bytes);
  if (swaps_sides(orientation)) std::swap(shape.w, shape.h);
  return shape;
}

}  // namespace ink
