# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Sourced by tests/run --long: what takes too long for every change. Each part reports through
# `add`, like the ordinary parts. The repeated kill -9 tests, those of SIGTERM under load and of
# many connects are ordinary tests, which do more rounds when GILSCOPE_LONG is set.

# Each fuzzer starts from the inputs of tests/fuzz/<parser>/, and from those that the build has
# written for it, and has ten minutes.
run_fuzzers() {
    local source name seconds=600
    local -a written
    build fuzz
    for source in "$top"/tests/fuzz/fuzz_*.c; do
        name=$(basename "$source" .c)
        say "$name for $seconds s"
        mkdir -p "$work/corpus/$name"
        written=("$top/build/fuzz/tests/${name#fuzz_}"_seeds.d)
        [ -d "${written[0]}" ] || written=()
        if isolated "$top/build/fuzz/tests/$name" -max_total_time="$seconds" -rss_limit_mb=2048 \
            -timeout=20 -print_final_stats=1 -artifact_prefix="$work/" \
            "$work/corpus/$name" "$top/tests/fuzz/${name#fuzz_}" "${written[@]}" \
            >"$work/$name.log" 2>&1; then
            grep -E 'number_of_executed_units|peak_rss_mb' "$work/$name.log"
            add 1 0 0
        else
            tail -n 40 "$work/$name.log"
            # The input that did it, as text that can be pasted into a file of the corpus.
            find "$work" -maxdepth 1 -name '*-*' -newer "$work/corpus/$name" -type f \
                ! -name '*.log' -exec base64 {} +
            add 0 1 0
        fi
    done
}

# The tests of the engine notice what is broken in it.
run_mutants() {
    say "mutants of the engine"
    if TMPDIR=$work/tmp "$top/tests/mutation/run"; then
        add 1 0 0
    else
        add 0 1 0
    fi
}

# The table of errors that recommendations quote is what the measurements give: all of it, where
# test_fidelity compares what it runs in full.
run_error_table() {
    say "table of the model's errors"
    if isolated "$top/build/release/gilscope" verify --measured "$top/tests/fidelity/measured.jsonl" \
        --errors | diff "$top/tests/fidelity/errors.csv" -; then
        add 1 0 0
    else
        add 0 1 0
    fi
}

say "long tests"
build tsan
run_ctest tsan
build valgrind
run_ctest valgrind
run_fuzzers
build clang
run_same_bits release debug tsan valgrind fuzz clang
run_error_table
run_mutants
