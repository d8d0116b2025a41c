#include "api/inkstone.h"

/* Enumerators and sizes that programs already compiled rely on. */
#define EXPECT(name, condition) typedef char expect_##name[(condition) ? 1 : -1]

EXPECT(ok, INK_OK == 0);
EXPECT(internal, INK_INTERNAL == 10);
EXPECT(message, sizeof(((ink_error*)0)->message) == 1024);
EXPECT(image, sizeof(ink_image) == sizeof(void*) + sizeof(size_t) + 16);
EXPECT(load_options, sizeof(ink_load_options) == sizeof(size_t) + 8);

int ink_header_alone(void);
int ink_header_alone(void) { return INK_VERSION_MAJOR * 10000 + INK_VERSION_MINOR * 100 + INK_VERSION_PATCH; }
