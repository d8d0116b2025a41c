#pragma once

#include "models/image/float_taps.h"

namespace ink {

// dst (y.at, x.at, 3) = the rows and columns of src weighed, columns first, in float32. `src` gives rows of
// (w, 3). The result does not depend on `threads`.
void resize_floats(const RowSource<float>& src, int w, const FloatTaps& x, const FloatTaps& y, float* dst,
                   int threads);

}  // namespace ink
