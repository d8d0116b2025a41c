#pragma once

#include <optional>
#include <span>

#include "pictures/bytes.h"
#include "pictures/picture.h"

namespace ink {

// The block without the "Exif\0\0" that JPEG puts in front of it, and others sometimes too.
ByteSpan without_exif_prefix(ByteSpan exif);

// The orientation that an EXIF block asks for; 1 where it asks for none or cannot be understood.
int exif_orientation(ByteSpan exif);

// Makes the EXIF and XMP blocks ask for orientation 1, as the pixels now have it, and changes nothing else.
void reset_orientation(PictureMetadata& metadata);

// Unpacks a zlib stream; nothing where it is broken or gives more than `limit` bytes.
std::optional<std::vector<std::byte>> inflate_block(ByteSpan packed, uint64_t limit);

// A copy that the picture can own.
std::vector<std::byte> copy_block(ByteSpan block);

}  // namespace ink
