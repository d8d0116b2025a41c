#pragma once

#include "pictures/picture.h"

namespace ink {

// Conversions between what a picture has and the RGB that a network takes, for samples of either depth. Those
// that reshape a picture do so in its own memory, so that a large result is never held twice.

// The alpha of each pixel as a gray picture of the same depth; without pixels where there is none.
Picture alpha_plane(const Picture& picture);

// Drops alpha and repeats gray three times.
Picture to_rgb(Picture picture);

// From RGB back to `channels`: gray is the mean of the three, rounded; `alpha` is as from alpha_plane, of the
// picture's size and depth, and not looked at where `channels` has no alpha.
Picture from_rgb(Picture picture, int channels, const Picture& alpha);

// Gives pixels of alpha 0 the colour of their surroundings: ring by ring outwards from the visible pixels,
// each becomes the rounded mean of its neighbours (of 8) in earlier rings. What lies under full transparency
// is arbitrary, and a network or a filter would mix it into the visible edge. A picture without a visible
// pixel stays as it is.
void fill_transparent(Picture& picture);

// Samples of `depth` 8 or 16: v * 257, or v / 257 to the nearest.
Picture to_depth(Picture picture, int depth);

}  // namespace ink
