# SPDX-License-Identifier: MIT
#
# Compiles files into the executable: the dashboard's bundle, the contract of the REST
# interface, the example documents, what was
# published about CPython and the errors of the model. Sets `embedded_sources` for the
# server's library. server/embed/embed.c names the headers of the tables.
#
# The bundle is made by npm from web/. node_modules lies in web/ and is shared by all build
# directories; it is renewed only when package-lock.json changes. The bundle itself goes to
# the build directory. Without Node the table is empty and the server says so.

add_executable(embed server/embed/embed.c)
target_link_libraries(embed PRIVATE ZLIB::ZLIB)

set(embed_dir ${PROJECT_BINARY_DIR}/embedded)
set(embed_dist ${PROJECT_BINARY_DIR}/web)
file(MAKE_DIRECTORY ${embed_dir})
file(GLOB embed_documents CONFIGURE_DEPENDS server/examples/*.json)

# --- is there a Node? -------------------------------------------------------------------

find_program(GILSCOPE_NODE NAMES node nodejs)
find_program(GILSCOPE_NPM NAMES npm)
set(embed_web FALSE)
if(GILSCOPE_WEB STREQUAL "OFF")
  message(STATUS "Dashboard: left out, as asked")
elseif(NOT EXISTS ${PROJECT_SOURCE_DIR}/web/package-lock.json)
  message(STATUS "Dashboard: left out, there is no web/package-lock.json")
elseif(GILSCOPE_NODE AND GILSCOPE_NPM)
  set(embed_web TRUE)
  message(STATUS "Dashboard: built with ${GILSCOPE_NODE}")
elseif(GILSCOPE_WEB STREQUAL "ON")
  message(FATAL_ERROR "The dashboard was asked for, but node and npm are not both there")
else()
  message(STATUS "Dashboard: left out, node and npm are not both there")
endif()

# --- the bundle -------------------------------------------------------------------------

if(embed_web)
  # Everything that npm and esbuild read; node_modules and the web tests are not sources.
  file(GLOB web_entries CONFIGURE_DEPENDS LIST_DIRECTORIES true
    web/.npmrc web/[a-zA-Z]*)
  set(web_sources "")
  foreach(entry IN LISTS web_entries)
    get_filename_component(name ${entry} NAME)
    if(NOT IS_DIRECTORY ${entry})
      list(APPEND web_sources ${entry})
    elseif(NOT name MATCHES "^(node_modules|dist|tests)$")
      file(GLOB_RECURSE below CONFIGURE_DEPENDS ${entry}/*)
      list(APPEND web_sources ${below})
    endif()
  endforeach()
  list(FILTER web_sources EXCLUDE REGEX "/web/screenshot\\.png$")

  # The first page is made of the examples and of the models.
  add_executable(models server/embed/models.c)
  target_link_libraries(models PRIVATE gilscope_engine PkgConfig::JANSSON)
  set(embed_models ${embed_dir}/models.json)
  add_custom_command(
    OUTPUT ${embed_models}
    COMMAND models ${embed_models}
    DEPENDS models
    COMMENT "Listing the models for the dashboard"
    VERBATIM)

  add_custom_command(
    OUTPUT ${embed_dir}/bundle.stamp
    COMMAND ${CMAKE_COMMAND} -DNPM=${GILSCOPE_NPM} -DDIST=${embed_dist}
      -DMODELS=${embed_models}
      -P ${PROJECT_SOURCE_DIR}/server/embed/bundle.cmake
    COMMAND ${CMAKE_COMMAND} -E touch ${embed_dir}/bundle.stamp
    DEPENDS ${web_sources} ${embed_documents} ${embed_models}
      ${PROJECT_SOURCE_DIR}/server/embed/bundle.cmake
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}/web
    COMMENT "Bundling the dashboard"
    USES_TERMINAL
    VERBATIM)
  set(embed_assets_from ${embed_dist} ${embed_dir}/bundle.stamp)
else()
  set(embed_assets_from ${embed_dir}/no-dashboard)
endif()
list(GET embed_assets_from 0 embed_assets_dir)
list(REMOVE_AT embed_assets_from 0)

# Its own file name for either case, so that a switch between them is a rebuild.
set(embed_assets ${embed_dir}/assets_${embed_web}.c)
add_custom_command(
  OUTPUT ${embed_assets}
  COMMAND embed assets ${embed_assets} ${embed_assets_dir}
  DEPENDS embed ${embed_assets_from}
  COMMENT "Compiling in the dashboard"
  VERBATIM)

# --- the contract -----------------------------------------------------------------------

set(embed_contract ${embed_dir}/contract.c)
add_custom_command(
  OUTPUT ${embed_contract}
  COMMAND embed contract ${embed_contract} ${PROJECT_SOURCE_DIR}/server
  DEPENDS embed ${PROJECT_SOURCE_DIR}/server/openapi.json
  COMMENT "Compiling in the contract"
  VERBATIM)

# --- the example documents --------------------------------------------------------------

set(embed_examples ${embed_dir}/examples.c)
add_custom_command(
  OUTPUT ${embed_examples}
  COMMAND embed examples ${embed_examples} ${PROJECT_SOURCE_DIR}/server/examples
  DEPENDS embed ${embed_documents}
  COMMENT "Compiling in the example documents"
  VERBATIM)

# --- what was published about CPython, for gilscope verify --------------------------------

file(GLOB embed_figures CONFIGURE_DEPENDS server/fidelity/published/*.json)
set(embed_published ${embed_dir}/published.c)
add_custom_command(
  OUTPUT ${embed_published}
  COMMAND embed published ${embed_published}
    ${PROJECT_SOURCE_DIR}/server/fidelity/published
  DEPENDS embed ${embed_figures}
  COMMENT "Compiling in the published figures"
  VERBATIM)

# --- how far the model was from what was measured, for recommendations ---------------------

set(embed_errors ${embed_dir}/errors.c)
add_custom_command(
  OUTPUT ${embed_errors}
  COMMAND embed errors ${embed_errors} ${PROJECT_SOURCE_DIR}/tests/fidelity
  DEPENDS embed ${PROJECT_SOURCE_DIR}/tests/fidelity/errors.csv
  COMMENT "Compiling in the errors of the model"
  VERBATIM)

set(embedded_sources ${embed_assets} ${embed_contract} ${embed_examples} ${embed_published} ${embed_errors})
