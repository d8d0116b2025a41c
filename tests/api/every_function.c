#include "tests/api/every_function.h"

#include <inkstone.h>
#include <stdlib.h>
#include <string.h>

#define NEED(condition) \
  if (!(condition)) return __LINE__

static void count(double done, void* user) {
  if (done >= 0 && done <= 1) ++*(int*)user;
}

static int never(void* user) {
  (void)user;
  return 0;
}

static int upscale(ink_model* model, int32_t scale) {
  unsigned char src_samples[7 * 5 * 3], dst_samples[28 * 20 * 3];
  ink_image src = {0}, dst = {0};
  ink_upscale_options options = {0};
  ink_memory memory = {0};
  ink_error error;
  int calls = 0;
  memset(src_samples, 100, sizeof src_samples);
  memset(dst_samples, 1, sizeof dst_samples);
  src.data = src_samples;
  src.width = 7;
  src.height = 5;
  src.channels = 3;
  src.depth = 8;
  dst = src;
  dst.data = dst_samples;
  dst.width *= scale;
  dst.height *= scale;
  NEED(ink_upscale(model, &src, &dst, NULL, &error) == INK_OK);
  NEED(error.status == INK_OK && error.message[0] == '\0');

  options.struct_size = sizeof options;
  options.threads = 2;
  options.progress = count;
  options.cancelled = never;
  options.user = &calls;
  NEED(ink_upscale(model, &src, &dst, &options, NULL) == INK_OK);
  NEED(calls > 0);

  memory.struct_size = sizeof memory;
  NEED(ink_upscale_memory(model, &src, &options, &memory, &error) == INK_OK);
  NEED(memory.bytes >= memory.least_bytes && memory.least_bytes > 0);
  return 0;
}

int use_every_function(const char* path) {
  ink_model* model = NULL;
  ink_model_info info = {0};
  ink_load_options load = {0};
  ink_error error;
  int line;
  NEED(strcmp(ink_version(), INK_VERSION_STRING) == 0);
  NEED(strlen(ink_instruction_set()) > 0);
  NEED(ink_default_threads() >= 1);
  NEED(strcmp(ink_status_name(INK_LIMIT), "INK_LIMIT") == 0);
  load.struct_size = sizeof load;
  NEED(ink_model_load(path, &load, &model, &error) == INK_OK);
  NEED(model != NULL);
  info.struct_size = sizeof info;
  NEED(ink_model_get_info(model, &info, &error) == INK_OK);
  NEED(strcmp(info.architecture, "realcugan") == 0);
  NEED(info.scale >= 2 && info.scale <= 4);
  line = upscale(model, info.scale);
  if (line != 0) return line;
  NEED(ink_model_trim(model, &error) == INK_OK);
  NEED(ink_model_free(model) == INK_OK);
  return 0;
}
