#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ink {

// What repairing one text may cost: each pass over n characters spends n. A text that is made for it would
// otherwise be changed again and again, each time by a few characters.
class RepairBudget {
 public:
  explicit RepairBudget(size_t characters) : left_(characters) {}
  // False, from then on, when it is used up.
  bool spend(size_t characters) {
    left_ = characters > left_ ? 0 : left_ - characters;
    return left_ > 0;
  }
  bool is_spent() const { return left_ == 0; }

 private:
  size_t left_;
};

// Whether some of the text looks as if it had been decoded by a wrong encoding.
bool looks_like_mojibake(std::u32string_view text);

// The text with UTF-8 that was decoded by a one-byte encoding decoded again, whole or in places, as often as
// that changes it. It stays as it is when the budget is spent.
std::u32string repair_mojibake(std::u32string text, RepairBudget& budget);

// The character of a C1 control in Windows-1252; others stay.
char32_t repair_c1(char32_t point);

}  // namespace ink
