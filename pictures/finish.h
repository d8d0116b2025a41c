#pragma once

#include "pictures/bytes.h"
#include "pictures/picture.h"

namespace ink {

// What all readers do last. The picture as stored has its samples, ICC and XMP; gets its EXIF block, is
// turned as that asks, and keeps a colour profile only where it fits.
Picture finish_picture(Picture stored, ByteSpan exif);

// The shape that a picture of this one as stored will have.
PictureShape finished_shape(PictureShape stored, ByteSpan exif);

}  // namespace ink
