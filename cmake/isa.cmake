# The only place that knows a compiler flag for an instruction set. Weakest first; the names are those of
# kernels/base/isa.h.
set(INK_KNOWN_FLOAT_ISAS sse42 avx2 avx512) # those that matter to what is computed in f32
set(INK_KNOWN_ISAS ${INK_KNOWN_FLOAT_ISAS} avx512vnni avx512bf16 amx)
set(INK_ISAS)
set(INK_FLOAT_ISAS)
if(NOT INK_SCALAR_ONLY AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(INK_ISAS ${INK_KNOWN_ISAS})
  set(INK_FLOAT_ISAS ${INK_KNOWN_FLOAT_ISAS})
endif()
set(INK_FLAGS_sse42 -msse4.2)
set(INK_FLAGS_avx2 -mavx2 -mfma -mf16c)
set(INK_FLAGS_avx512 -mavx512f -mavx512cd -mavx512bw -mavx512dq -mavx512vl -mavx2 -mfma -mf16c
                     -mprefer-vector-width=512)
# For products in reduced precision; all else runs on the sets above.
set(INK_FLAGS_avx512vnni ${INK_FLAGS_avx512} -mavx512vnni)
set(INK_FLAGS_avx512bf16 ${INK_FLAGS_avx512vnni} -mavx512bf16)
set(INK_FLAGS_amx ${INK_FLAGS_avx512bf16} -mamx-tile -mamx-bf16 -mamx-int8)
# Optimised in every preset: at -O0 the templates of the vector library would stay out of line as weak symbols,
# and the linker could give an old CPU the copy of a newer set.
set(INK_ISA_COMMON -O3 -fno-exceptions -fno-lto
                   $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
                   $<$<CXX_COMPILER_ID:GNU>:-Wno-uninitialized>) # GCC 12 misjudges its own AVX-512 headers
# Checks of every access written out in line make the unrolled tiles take minutes to compile: here they are calls,
# and undefined behaviour is left to the reference and to the drivers.
if(CMAKE_CXX_FLAGS MATCHES "fsanitize=address" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND INK_ISA_COMMON -fno-sanitize=undefined --param=asan-instrumentation-with-call-threshold=0)
endif()

# ink_add_op(gemm) adds kernels/<op>/*.cpp to the library: each <op>_<isa>.cpp with its
# own flags, all others with the baseline's.
function(ink_add_op op)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/kernels/${op}/*.cpp)
  foreach(source ${sources})
    get_filename_component(stem ${source} NAME_WE)
    set(isa_of_file)
    foreach(isa ${INK_KNOWN_ISAS})
      if(stem MATCHES "_${isa}$")
        set(isa_of_file ${isa})
      endif()
    endforeach()
    if(NOT isa_of_file)
      target_sources(ink_kernels PRIVATE ${source})
    elseif(isa_of_file IN_LIST INK_ISAS)
      target_sources(ink_isa_${isa_of_file} PRIVATE ${source})
    endif()
  endforeach()
endfunction()
