#include "pictures/jpeg_error.h"

namespace ink {
namespace {

[[noreturn]] void leave(j_common_ptr info) {
  auto* errors = reinterpret_cast<JpegErrors*>(info->err);
  info->err->format_message(info, errors->text);
  std::longjmp(errors->jump, 1);
}

void on_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  const int code = info->err->msg_code;
  if (code == JWRN_JFIF_MAJOR || code == JWRN_ADOBE_XFORM) return;
  if (code != JWRN_EXTRANEOUS_DATA) leave(info);
  reinterpret_cast<JpegErrors*>(info->err)->skipped_bytes = true;
}

void print_nothing(j_common_ptr) {}

}  // namespace

jpeg_error_mgr* set_up(JpegErrors* errors) {
  jpeg_std_error(&errors->manager);
  errors->manager.error_exit = leave;
  errors->manager.emit_message = on_message;
  errors->manager.output_message = print_nothing;
  errors->text[0] = '\0';
  errors->skipped_bytes = false;
  return &errors->manager;
}

}  // namespace ink
