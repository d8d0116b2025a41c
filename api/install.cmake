include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/inkstone)

foreach(linkage ${INK_LINKAGES})
  install(TARGETS inkstone_${linkage} EXPORT inkstone_${linkage}
          LIBRARY COMPONENT runtime NAMELINK_COMPONENT development
          ARCHIVE COMPONENT development)
  install(EXPORT inkstone_${linkage} NAMESPACE inkstone:: FILE inkstone-${linkage}.cmake
          DESTINATION ${package_folder} COMPONENT development)
endforeach()
install(FILES inkstone.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)

configure_package_config_file(inkstone-config.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/inkstone-config.cmake
                              INSTALL_DESTINATION ${package_folder})
# Before 1.0 a new minor version may change the interface.
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/inkstone-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/inkstone-config.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/inkstone-config-version.cmake
        DESTINATION ${package_folder} COMPONENT development)

# The prefix follows from where the file lies, so that the tree may be moved.
file(RELATIVE_PATH INK_PREFIX_FROM_PC ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" INK_PREFIX_FROM_PC "${INK_PREFIX_FROM_PC}")
foreach(folder LIB INCLUDE)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${folder}DIR}")
    set(INK_PC_${folder}DIR ${CMAKE_INSTALL_${folder}DIR})
  else()
    set(INK_PC_${folder}DIR "\${prefix}/${CMAKE_INSTALL_${folder}DIR}")
  endif()
endforeach()
list(TRANSFORM runtime_names PREPEND -l OUTPUT_VARIABLE INK_PC_PRIVATE)
list(JOIN INK_PC_PRIVATE " " INK_PC_PRIVATE)
if(NOT TARGET inkstone_shared)
  set(INK_PC_ALWAYS " -lz ${INK_PC_PRIVATE} -pthread")
endif()
configure_file(inkstone.pc.in ${CMAKE_CURRENT_BINARY_DIR}/inkstone.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/inkstone.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
        COMPONENT development)

install(FILES ${CMAKE_SOURCE_DIR}/README.md ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR}
        COMPONENT runtime)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/docs DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime
        FILES_MATCHING PATTERN *.md PATTERN *.png)
install(FILES ${CMAKE_SOURCE_DIR}/examples/upscale.c DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples
        COMPONENT development)
