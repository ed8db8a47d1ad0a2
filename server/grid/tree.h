/* SPDX-License-Identifier: MIT */
/*
 * tree - one level of a JSON tree: copied without its children, and entered by the
 * reference tokens of JSON pointers.
 */
#ifndef SERVER_GRID_TREE_H
#define SERVER_GRID_TREE_H

#include "engine/base/err.h"

#include <jansson.h>

/*
 * A list or object of its own that shares its children with the original; NULL when out
 * of memory. (json_copy() of jansson 2.14 leaves out children for which it finds no
 * memory.)
 */
json_t *tree_copy(const json_t *value) WARN_UNUSED;

/* The member or element that a token without escapes leads to (borrowed), or NULL. */
json_t *tree_step(const json_t *value, const char *token);

/* Puts a value where tree_step() finds one. -1 when out of memory; the value is consumed
 * in any case. */
int tree_replace(json_t *container, const char *token, json_t *take_value) WARN_UNUSED;

#endif
