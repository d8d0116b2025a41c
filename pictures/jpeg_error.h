#pragma once

#include <csetjmp>
#include <cstddef>
#include <cstdio>

#include <jpeglib.h>  // needs <cstdio> before it

#include <jerror.h>

namespace ink {

// libjpeg leaves by longjmp, which runs no destructor. So every function between setjmp and libjpeg,
// callbacks included, holds only trivial objects.
struct JpegErrors {
  jpeg_error_mgr manager;  // first: libjpeg hands out its address
  jmp_buf jump;
  char text[JMSG_LENGTH_MAX];
  bool skipped_bytes;  // there was data between the scans that belongs to none
};

// Errors, and warnings other than those about skipped bytes, keep their text and jump.
jpeg_error_mgr* set_up(JpegErrors* errors);

}  // namespace ink
