# SPDX-License-Identifier: MIT
#
# cmake -DNPM=... -DDIST=... -DMODELS=... -P bundle.cmake, run in web/: npm ci when node_modules
# is older than the lock file, then the bundle into DIST, which is emptied first so that no file
# of an older bundle stays in it. MODELS is the file of models that the first page is made of.

function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    list(JOIN ARGV " " line)
    message(FATAL_ERROR "failed: ${line}")
  endif()
endfunction()

# Two build directories share node_modules: one at a time.
set(web ${CMAKE_CURRENT_BINARY_DIR})
file(LOCK ${web}/.npm-lock GUARD PROCESS)

# npm writes this file last, so it is there only after an install that went through.
set(installed ${web}/node_modules/.package-lock.json)
if(NOT EXISTS ${installed} OR ${web}/package-lock.json IS_NEWER_THAN ${installed})
  message(STATUS "npm ci: installing the packages of web/package-lock.json")
  run(${NPM} ci --no-audit --no-fund)
endif()

file(REMOVE_RECURSE ${DIST})
file(MAKE_DIRECTORY ${DIST})
set(ENV{GILSCOPE_DIST} ${DIST})
set(ENV{GILSCOPE_MODELS} ${MODELS})
run(${NPM} run --silent build)
if(NOT EXISTS ${DIST}/index.html)
  message(FATAL_ERROR "the bundle has no index.html: ${DIST}")
endif()
