#pragma once

#include <cstddef>

namespace ink {

// One block of memory for all the values of a session, in large pages where the system has them: they spare a
// big arena most of its page faults and address translations. Throws std::bad_alloc.
class Arena {
 public:
  explicit Arena(size_t bytes);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  unsigned char* data() const { return data_; }

 private:
  unsigned char* data_ = nullptr;
};

}  // namespace ink
