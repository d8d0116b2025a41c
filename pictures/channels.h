#pragma once

#include <cstdint>
#include <vector>

#include "pictures/picture.h"

namespace ink {

// Conversions between what a picture has and the RGB that a network takes. Those that reshape a picture do so
// in its own memory, so that a large result is never held twice.

// The alpha of each pixel, (h, w); empty where the picture has none.
std::vector<uint8_t> alpha_plane(const Picture& picture);

// Drops alpha and repeats gray three times.
Picture to_rgb(Picture picture);

// From RGB back to `channels`: gray is the mean of the three, rounded; `alpha` is (h, w) where there is one.
Picture from_rgb(Picture picture, int channels, const std::vector<uint8_t>& alpha);

// Gives pixels of alpha 0 the colour of their surroundings: ring by ring outwards from the visible pixels,
// each becomes the rounded mean of its neighbours (of 8) in earlier rings. What lies under full transparency
// is arbitrary, and a network or a filter would mix it into the visible edge. A picture without a visible
// pixel stays as it is.
void fill_transparent(Picture& picture);

}  // namespace ink
