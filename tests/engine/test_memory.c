/* SPDX-License-Identifier: MIT */
/* test_memory - arena, growing array, and the hook that makes the nth allocation fail. */
#include <string.h>

#include "engine/base/memory.h"
#include "tests/support/dice.h"
#include "tests/support/test.h"

static void test_memory_arena_blocks_are_zeroed_aligned_and_apart(void **state) {
    (void)state;
    enum { BLOCKS = 400 };
    struct arena arena = {0};
    struct dice dice = dice_make(4);
    unsigned char *block[BLOCKS];
    size_t size[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        size[i] = (size_t)dice_magnitude(&dice, 200000);
        block[i] = arena_alloc(&arena, size[i], 1);
        assert_non_null(block[i]);
        assert_int_equal((uintptr_t)block[i] % _Alignof(max_align_t), 0);
        for (size_t k = 0; k < size[i]; k++) {
            assert_int_equal(block[i][k], 0);
        }
        memset(block[i], i & 0xff, size[i]);
    }
    for (int i = 0; i < BLOCKS; i++) {
        for (size_t k = 0; k < size[i]; k++) {
            assert_int_equal(block[i][k], i & 0xff);
        }
    }
    arena_deinit(&arena);
    assert_null(arena.head);
    arena_deinit(&arena);
}

static void test_memory_sizes_are_checked(void **state) {
    (void)state;
    struct arena arena = {0};
    assert_null(arena_alloc(&arena, SIZE_MAX, 2));
    assert_null(arena_alloc(&arena, SIZE_MAX, 1));
    assert_null(arena_alloc(&arena, SIZE_MAX / 2, 3));
    assert_non_null(arena_alloc(&arena, 0, 8));
    assert_null(memory_resize(NULL, SIZE_MAX, 2));
    void *nothing = memory_resize(NULL, 0, 8);
    assert_non_null(nothing);
    memory_free(nothing);
    arena_deinit(&arena);
}

static void test_memory_arena_copies_text(void **state) {
    (void)state;
    struct arena arena = {0};
    const char text[] = "spin\0ner";
    char *copy = arena_strdup(&arena, text);
    assert_string_equal(copy, "spin");
    assert_ptr_not_equal(copy, text);
    char *heap = memory_strdup("");
    assert_string_equal(heap, "");
    memory_free(heap);
    arena_deinit(&arena);
}

static void test_memory_vec_grows_and_keeps_its_items(void **state) {
    (void)state;
    int *items = NULL;
    size_t capacity = 0;
    for (size_t count = 0; count < 1000; count++) {
        assert_int_equal(vec_reserve((void **)&items, &capacity, count, sizeof *items),
                         0);
        assert_true(capacity > count);
        items[count] = (int)count;
    }
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(items[i], i);
    }
    memory_free(items);
}

/* On failure nothing changes: neither the array nor its capacity. */
static void test_memory_vec_failure_changes_nothing(void **state) {
    (void)state;
    int *items = NULL;
    size_t capacity = 0;
    assert_int_equal(vec_reserve((void **)&items, &capacity, 0, sizeof *items), 0);
    int *const before = items;
    const size_t capacity_before = capacity;
    memory_fail_after(0);
    assert_int_equal(vec_reserve((void **)&items, &capacity, capacity, sizeof *items),
                     ERR_NOMEM);
    assert_ptr_equal(items, before);
    assert_int_equal(capacity, capacity_before);
    capacity = SIZE_MAX / 2 + 1; /* doubling would overflow */
    assert_int_equal(vec_reserve((void **)&items, &capacity, capacity, 1), ERR_NOMEM);
    memory_free(items);
}

static void test_memory_nth_allocation_fails_once(void **state) {
    (void)state;
    for (int64_t n = 0; n < 5; n++) {
        memory_fail_after(n);
        for (int64_t i = 0; i < 8; i++) {
            void *pointer = i % 2 == 0 ? memory_zeroed(3, 4) : memory_resize(NULL, 3, 4);
            assert_int_equal(pointer == NULL, i == n);
            memory_free(pointer);
        }
    }
    memory_fail_after(-1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_arena_blocks_are_zeroed_aligned_and_apart),
        cmocka_unit_test(test_memory_sizes_are_checked),
        cmocka_unit_test(test_memory_arena_copies_text),
        cmocka_unit_test(test_memory_vec_grows_and_keeps_its_items),
        cmocka_unit_test(test_memory_vec_failure_changes_nothing),
        cmocka_unit_test(test_memory_nth_allocation_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
