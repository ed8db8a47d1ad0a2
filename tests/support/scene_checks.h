/* SPDX-License-Identifier: MIT */
/* scene_checks - what tests of scenes say about them. */
#ifndef TESTS_SUPPORT_SCENE_CHECKS_H
#define TESTS_SUPPORT_SCENE_CHECKS_H

#include "tests/support/invariants.h"
#include "tests/support/scene.h"
#include "tests/support/test.h"

/* An action without an object. */
#define ACT(what, length)                                                                \
    { .kind = (what), .site = SITE_NONE, .ns = (length) }

/* Runs until nothing is left to happen; the timeline is sound. */
static inline void run(struct scene *scene) {
    assert_int_equal(scene_run(scene), SIM_NOTHING_LEFT);
    struct violation violation;
    if (!timeline_is_sound(&scene->timeline, &violation)) {
        fail_msg("%s", violation.text);
    }
}

/* The lane goes through these states, "running@0 io@3000 end@9000". */
static inline void assert_lane(const struct scene *scene, enum lane_kind kind,
                               const char *name, const char *expected) {
    struct timeline_text text;
    const lane_id lane = timeline_find(&scene->timeline, kind, name);
    assert_int_not_equal(lane, LANE_NONE);
    assert_string_equal(timeline_describe(&scene->timeline, lane, &text), expected);
}

#endif
