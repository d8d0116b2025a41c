#pragma once

#include <cstddef>

namespace ink {

// Asks for large pages under the whole pages of [data, data + bytes), which nobody has touched yet: a large
// buffer then costs a fault for 2 MiB instead of 4 KiB, and fewer entries of the address cache. A hint; small
// buffers are left alone.
void prefer_huge_pages(void* data, size_t bytes);

}  // namespace ink
