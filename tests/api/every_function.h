#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/* Calls every function of inkstone.h from C, with the model file at `path`. 0, or the line that failed. */
int use_every_function(const char* path);

#ifdef __cplusplus
}
#endif
