#pragma once

/* inkstone: Real-CUGAN upscaling on the CPU. This is plain C99; the whole library is behind these functions.
 *
 * Errors. A function that can fail returns an ink_status and takes an ink_error* last, which may be NULL.
 * Where the status is not INK_OK, the error holds it and one sentence: what was expected, what was found, in
 * which file. The library prints nothing, ends no process and keeps no "last error". No C++ exception leaves
 * it.
 *
 * Structs that begin with struct_size are versioned: the caller zeroes the struct and sets struct_size to its
 * sizeof. Zero is every other field's default, and NULL in place of such options means all defaults. A
 * library that is newer or older than the header it is called through does the right thing, or says
 * INK_INVALID_ARGUMENT where it is asked for what it does not know.
 *
 * Threads. Any function may be called from any thread at any time, on the same ink_model too: pictures are
 * then computed side by side, each with its own memory. Only ink_model_free must come alone and last. Results
 * are the same for any number of threads, memory limit, tile and floating-point mode of the caller. That mode
 * is on return as it was; affinity and signal handlers are not touched.
 *
 * Strings are UTF-8, and paths are bytes as the system takes them. */

#include <stddef.h>
#include <stdint.h>

#define INK_VERSION_MAJOR 0
#define INK_VERSION_MINOR 1
#define INK_VERSION_PATCH 0
#define INK_VERSION_STRING "0.1.0"

#if defined(__GNUC__)
#define INK_API __attribute__((visibility("default")))
#else
#define INK_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ink_status {
  INK_OK = 0,
  INK_INVALID_ARGUMENT = 1, /* NULL, a size, a value out of range: the sentence says which */
  INK_INVALID_HANDLE = 2,   /* no ink_model, or one that was freed */
  INK_NOT_FOUND = 3,        /* a file does not exist or cannot be opened */
  INK_BAD_MODEL = 4,        /* anything wrong with a model file */
  INK_IO = 5,               /* reading or writing failed half-way */
  INK_CANNOT_CREATE = 6,    /* the spill file cannot be created */
  INK_LIMIT = 7,            /* over memory_limit, or a picture larger than any allowed */
  INK_OUT_OF_MEMORY = 8,    /* the system gives no more memory */
  INK_CANCELLED = 9,        /* `cancelled` asked for it */
  INK_INTERNAL = 10         /* a bug of inkstone */
} ink_status;

enum { INK_MESSAGE_SIZE = 1024 };

/* Filled by every function that is given one: after a success INK_OK and an empty message. A longer message
 * is cut, whole characters only, and ends in "...". */
typedef struct ink_error {
  ink_status status;
  char message[INK_MESSAGE_SIZE]; /* ends in '\0' */
} ink_error;

/* "INK_LIMIT" and so on; never NULL. */
INK_API const char* ink_status_name(ink_status status);

/* INK_VERSION_STRING of the library that runs, which is not always that of this header. */
INK_API const char* ink_version(void);
/* The instruction set whose kernels run: reference, sse42, avx2 or avx512. The strongest that this CPU has,
 * or that which the environment variable INKSTONE_ISA named when the library first looked. */
INK_API const char* ink_instruction_set(void);
/* How many threads 0 stands for, at least 1: those that the calling thread's affinity and the container's CPU
 * quota allow, rounded down. */
INK_API int32_t ink_default_threads(void);

/* ---- Models ---- */

/* A network with its weights, prepared for this CPU. Immutable; made by ink_model_load, owned by the caller.
 */
typedef struct ink_model ink_model;

typedef struct ink_load_options {
  size_t struct_size;
  /* 1: read the weights into private memory. 0: map the file, which must not change while the model lives. */
  int32_t read_weights;
  /* Which kind of network a pair of ncnn files holds: 0 as known by hash or folder, 1 pro, -1 not pro. Other
   * files say it themselves. */
  int32_t pro;
} ink_load_options;

/* Loads a model of any form that inkstone understands: a .safetensors that it converted, or a released
 * checkpoint, of whose files one is named. *model is NULL after a failure. */
INK_API ink_status ink_model_load(const char* path, const ink_load_options* options, ink_model** model,
                                  ink_error* error);

/* Frees the model; NULL is allowed. INK_INVALID_HANDLE, and nothing done, where it is none: a model that was
 * freed is mostly recognised, as long as its memory serves nothing else. */
INK_API ink_status ink_model_free(ink_model* model);

typedef struct ink_model_info {
  size_t struct_size;
  const char* architecture; /* "realcugan"; lives as long as the model */
  int32_t scale;            /* 2, 3 or 4 */
  int32_t pro;              /* 1 for the pro networks, else 0 */
  int32_t squeeze_excite;   /* 0 for the nose networks, else 1 */
  int32_t max_side;         /* of a picture that is taken, in pixels */
  int64_t max_pixels;
  float min_strength, max_strength;
} ink_model_info;

/* Fills *info, of which the caller has set struct_size. */
INK_API ink_status ink_model_get_info(const ink_model* model, ink_model_info* info, ink_error* error);

/* A model keeps the memory of its last picture for a next one of that size; this gives it back. */
INK_API ink_status ink_model_trim(ink_model* model, ink_error* error);

/* ---- Pictures ---- */

/* Rows from the top, channels interleaved: sample c of pixel (x, y) lies at data + y * row_stride + (x *
 * channels + c) * depth / 8. The caller owns the memory. */
typedef struct ink_image {
  void* data;        /* aligned to depth / 8; not written to where the image is a source */
  size_t row_stride; /* bytes from a row to the next, a multiple of depth / 8; 0: no gap between rows */
  int32_t width, height;
  int32_t channels; /* 1 gray, 2 gray and alpha, 3 RGB, 4 RGB and alpha, not premultiplied */
  int32_t depth;    /* bits of a sample: 8, or 16 in the machine's byte order */
} ink_image;

typedef struct ink_upscale_options {
  size_t struct_size;
  /* Bytes that this call may allocate at most, the source and the result not counted; 0: no limit. */
  uint64_t memory_limit;
  int32_t threads;          /* 0: ink_default_threads() */
  int32_t tile;             /* side of the regions computed at once, in pixels, at least 32; 0: chosen */
  float strength;           /* how much the second U-Net changes, 0.75 to 1.3; 0: 1 */
  int32_t tta;              /* 1: mean over the 8 flips and transpositions, for 8 times the work */
  const char* spill_folder; /* a folder on a disk, for a nameless file with what memory_limit leaves no room
                               for; NULL: none */
  /* Called now and then with the share of the work done, 0 to 1, never falling; and asked whether to stop,
   * which any other value than 0 says. Either may be NULL. Both are called from the caller's thread or one of
   * the library's, one call at a time, and must neither throw nor jump out nor use this model. */
  void (*progress)(double done, void* user);
  int (*cancelled)(void* user);
  void* user;
} ink_upscale_options;

/* Upscales src into dst, whose width and height are src's times the model's scale, and whose channels and
 * depth are src's. The two must not overlap. Gray passes the network as RGB and comes back as the rounded
 * mean of the three; alpha is enlarged bicubically by itself, and colour under zero alpha does not reach
 * visible pixels. Whatever the status, nothing is written outside dst's rows; where it is not INK_OK, what is
 * in them is unspecified. */
INK_API ink_status ink_upscale(ink_model* model, const ink_image* src, const ink_image* dst,
                               const ink_upscale_options* options, ink_error* error);

typedef struct ink_memory {
  size_t struct_size;
  uint64_t bytes;       /* that ink_upscale() would allocate */
  uint64_t least_bytes; /* the least memory_limit that does */
  uint64_t spill_bytes; /* that it would take in spill_folder */
} ink_memory;

/* What ink_upscale() would take for a picture like src, whose data and row_stride are not looked at.
 * INK_LIMIT where it would exceed options->memory_limit; least_bytes is then set all the same. The caller has
 * set memory->struct_size. */
INK_API ink_status ink_upscale_memory(ink_model* model, const ink_image* src,
                                      const ink_upscale_options* options, ink_memory* memory,
                                      ink_error* error);

#ifdef __cplusplus
}
#endif
