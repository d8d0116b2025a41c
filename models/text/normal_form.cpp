#include "models/text/normal_form.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <vector>

#include "kernels/base/check.h"
#include "models/text/code_sets.h"

namespace ink {
namespace {

using Points = std::vector<utf8proc_int32_t>;

// Nothing below combines with what is before it, or stands decomposed in a composed text.
constexpr char32_t kFirstThatMayChange = 0x300;

void append_decomposed(Points& to, char32_t point, utf8proc_option_t options) {
  std::array<utf8proc_int32_t, 32> pieces;  // the longest of all has 18
  int boundary = 0;
  const utf8proc_ssize_t count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(point), pieces.data(),
                                                         pieces.size(), options, &boundary);
  INK_CHECK(count >= 0 && static_cast<size_t>(count) <= pieces.size());
  to.insert(to.end(), pieces.begin(), pieces.begin() + count);
}

int combining_class(utf8proc_int32_t point) { return utf8proc_get_property(point)->combining_class; }

// utf8proc's own ordering takes quadratic time on a long run of marks.
void order_marks(Points& points) {
  const auto is_mark = [](utf8proc_int32_t p) { return combining_class(p) != 0; };
  for (auto at = points.begin(); at != points.end();) {
    const auto begin = std::find_if(at, points.end(), is_mark);
    at = std::find_if_not(begin, points.end(), is_mark);
    std::stable_sort(begin, at, [](auto a, auto b) { return combining_class(a) < combining_class(b); });
  }
}

// Composes what `points` has gathered, and empties it.
void flush(std::u32string& to, Points& points) {
  if (points.empty()) return;
  order_marks(points);
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE);
  const utf8proc_ssize_t count =
      utf8proc_normalize_utf32(points.data(), static_cast<utf8proc_ssize_t>(points.size()), options);
  INK_CHECK(count >= 0);
  to.append(points.begin(), points.begin() + count);
  points.clear();
}

}  // namespace

std::u32string compose(std::u32string_view text, ComposeVersion version) {
  if (std::all_of(text.begin(), text.end(), [](char32_t p) { return p < kFirstThatMayChange; })) {
    return std::u32string(text);
  }
  const std::span<const CodeRange> inert =
      version == ComposeVersion::unicode9 ? kCodeTables.inert9 : kCodeTables.inert14;
  std::u32string out;
  out.reserve(text.size());
  Points points;
  for (const char32_t point : text) {
    // A character that the original does not know neither changes nor lets its neighbours reach each other.
    if (contains(inert, point)) {
      flush(out, points);
      out += point;
    } else {
      append_decomposed(points, point, static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_STABLE));
    }
  }
  flush(out, points);
  return out;
}

void append_usual_width(std::u32string& to, char32_t point) {
  if (point != 0x3000 && (point < 0xFF01 || point > 0xFFEF)) {
    to += point;
    return;
  }
  Points points;
  append_decomposed(points, point,
                    static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_STABLE));
  flush(to, points);
}

}  // namespace ink
