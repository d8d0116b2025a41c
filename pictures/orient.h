#pragma once

#include "pictures/picture.h"

namespace ink {

constexpr bool swaps_sides(int orientation) { return orientation >= 5; }

// The picture as it is meant to be seen, from what was stored with an orientation of 1 to 8 as EXIF counts
// them: 2 is mirrored, 3 upside down, 4 both; 5 to 8 have rows for columns. Takes the memory of a second
// picture for the time.
Picture oriented(Picture stored, int orientation);

}  // namespace ink
