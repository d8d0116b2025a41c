/* upscale MODEL IN.ppm OUT.ppm: upscales a binary PPM (P6, 8 bits) with a Real-CUGAN model.
 *
 *   cc upscale.c $(pkg-config --cflags --libs inkstone) -o upscale */

#include <inkstone.h>
#include <stdio.h>
#include <stdlib.h>

static void show_progress(double done, void* user) {
  int* percent = user;
  if ((int)(done * 100) == *percent) return;
  *percent = (int)(done * 100);
  fprintf(stderr, "\r%3d %%", *percent);
}

static int read_ppm(const char* path, ink_image* image) {
  FILE* file = fopen(path, "rb");
  int w = 0, h = 0, most = 0, good = 0;
  size_t bytes;
  if (file == NULL) return 0;
  if (fscanf(file, "P6 %d %d %d", &w, &h, &most) == 3 && fgetc(file) != EOF && most == 255 && w > 0 &&
      h > 0 && w <= 32768 && h <= 32768) {
    bytes = (size_t)w * (size_t)h * 3;
    image->data = malloc(bytes);
    image->row_stride = (size_t)w * 3;
    image->width = w;
    image->height = h;
    image->channels = 3;
    image->depth = 8;
    good = image->data != NULL && fread(image->data, 1, bytes, file) == bytes;
  }
  fclose(file);
  return good;
}

static int write_ppm(const char* path, const ink_image* image) {
  const size_t bytes = image->row_stride * (size_t)image->height;
  FILE* file = fopen(path, "wb");
  int good;
  if (file == NULL) return 0;
  good = fprintf(file, "P6\n%d %d\n255\n", (int)image->width, (int)image->height) > 0 &&
         fwrite(image->data, 1, bytes, file) == bytes;
  return fclose(file) == 0 && good;
}

static int upscale(ink_model* model, const char* in, const char* out) {
  ink_image src = {0}, dst = {0};
  ink_model_info info = {0};
  ink_upscale_options options = {0};
  ink_error error;
  int percent = -1, done = 0;

  info.struct_size = sizeof info;
  options.struct_size = sizeof options;
  options.progress = show_progress;
  options.user = &percent;
  if (ink_model_get_info(model, &info, &error) != INK_OK) {
    fprintf(stderr, "%s\n", error.message);
  } else if (!read_ppm(in, &src)) {
    fprintf(stderr, "%s: expected a binary PPM of 8 bits\n", in);
  } else {
    dst = src;
    dst.width *= info.scale;
    dst.height *= info.scale;
    dst.row_stride *= (size_t)info.scale;
    dst.data = malloc(dst.row_stride * (size_t)dst.height);
    if (dst.data == NULL) {
      fprintf(stderr, "there is not enough memory\n");
    } else if (ink_upscale(model, &src, &dst, &options, &error) != INK_OK) {
      fprintf(stderr, "\n%s: %s\n", ink_status_name(error.status), error.message);
    } else if (!write_ppm(out, &dst)) {
      fprintf(stderr, "\n%s: cannot be written\n", out);
    } else {
      fprintf(stderr, "\n");
      done = 1;
    }
    free(dst.data);
  }
  free(src.data);
  return done;
}

int main(int argc, char** argv) {
  ink_model* model;
  ink_error error;
  int done;

  if (argc != 4) {
    fprintf(stderr, "usage: upscale MODEL IN.ppm OUT.ppm   (inkstone %s)\n", ink_version());
    return 64;
  }
  if (ink_model_load(argv[1], NULL, &model, &error) != INK_OK) {
    fprintf(stderr, "%s: %s\n", ink_status_name(error.status), error.message);
    return 1;
  }
  done = upscale(model, argv[2], argv[3]);
  ink_model_free(model);
  return done ? 0 : 1;
}
