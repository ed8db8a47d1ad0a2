/* SPDX-License-Identifier: MIT */
#include "server/gate/junit.h"

#include <math.h>
#include <string.h>
#include <time.h>

/* --- text ---------------------------------------------------------------------- */

/* XML 1.0 has no control characters but tab and line ends, not even as references; those
 * two would become blanks in an attribute. */
static void write_character(FILE *out, unsigned char c) {
    switch (c) {
    case '&':
        fputs("&amp;", out);
        break;
    case '<':
        fputs("&lt;", out);
        break;
    case '>':
        fputs("&gt;", out);
        break;
    case '"':
        fputs("&quot;", out);
        break;
    case '\t':
    case '\n':
    case '\r':
        fprintf(out, "&#%d;", c);
        break;
    default:
        if (c < 0x20) {
            fputs("\xEF\xBF\xBD", out);
        } else {
            putc(c, out);
        }
    }
}

static void write_text(FILE *out, const char *text) {
    for (; *text != '\0'; text++) {
        /* U+FFFE and U+FFFF, the only ones above that XML refuses. */
        if (strncmp(text, "\xEF\xBF\xBE", 3) == 0 ||
            strncmp(text, "\xEF\xBF\xBF", 3) == 0) {
            fputs("\xEF\xBF\xBD", out);
            text += 2;
        } else {
            write_character(out, (unsigned char)*text);
        }
    }
}

static void write_attribute(FILE *out, const char *name, const char *text) {
    fprintf(out, " %s=\"", name);
    write_text(out, text);
    putc('"', out);
}

/* --- cases --------------------------------------------------------------------- */

/* What a test case ends in; NULL: it passed. */
struct ending {
    const char *element; /* "failure", "error", "skipped" */
    const char *message;
};

/* classname "cpython-3.12.asyncio(100)": a dot separates, as in a package. */
static void write_case(FILE *out, const struct cell_row *cell, const char *name,
                       const struct ending *ending) {
    fputs("    <testcase classname=\"", out);
    write_text(out, cell->runtime);
    putc('.', out);
    write_text(out, cell->strategy);
    fputs("\" name=\"", out);
    write_text(out, name);
    if (strcmp(cell->point, "{}") != 0) {
        fputs(" at ", out);
        write_text(out, cell->point);
    }
    if (ending->element == NULL) {
        fputs("\"/>\n", out);
        return;
    }
    fprintf(out, "\">\n      <%s", ending->element);
    write_attribute(out, "message", ending->message);
    fputs("/>\n    </testcase>\n", out);
}

static struct ending ending_of_cell(const struct cell_row *cell) {
    const bool said = cell->reason[0] != '\0';
    switch (cell->status) {
    case CELL_NOT_APPLICABLE:
        return (struct ending){"skipped", cell->reason};
    case CELL_DONE:
    case CELL_LIMITED:
        return (struct ending){0};
    default:
        return (struct ending){"error",
                               said ? cell->reason : cell_status_name(cell->status)};
    }
}

static void write_finding(FILE *out, const struct document *document,
                          const struct gate_finding *finding) {
    char name[GATE_TEXT_SIZE], message[GATE_TEXT_SIZE + 64];
    struct ending ending = {.message = message};
    gate_format(&document->gates[finding->gate], name);
    snprintf(message, sizeof message, "%s: it is %.15g", name, finding->value);
    if (finding->verdict == GATE_SKIPPED) {
        ending = (struct ending){"skipped", finding->cell->reason};
    } else if (finding->verdict == GATE_NO_VALUE) {
        ending = (struct ending){"failure", "the cell has no such value"};
    } else if (finding->verdict != GATE_HOLDS) {
        ending.element = "failure";
    }
    write_case(out, finding->cell, name, &ending);
}

/* --- the suite ----------------------------------------------------------------- */

struct counts {
    size_t failures, errors, skipped;
};

static struct counts count_all(const struct cell_list *cells,
                               const struct gate_report *gates) {
    struct counts counts = {0};
    for (size_t i = 0; i < cells->count; i++) {
        const struct ending ending = ending_of_cell(&cells->items[i]);
        counts.errors += ending.element != NULL && strcmp(ending.element, "error") == 0;
        counts.skipped +=
            ending.element != NULL && strcmp(ending.element, "skipped") == 0;
    }
    for (size_t i = 0; i < gates->count; i++) {
        const enum gate_verdict verdict = gates->items[i].verdict;
        counts.skipped += verdict == GATE_SKIPPED;
        counts.failures += verdict != GATE_SKIPPED && verdict != GATE_HOLDS;
    }
    return counts;
}

/* ISO 8601, UTC; 0 tells nothing. */
static void write_timestamp(FILE *out, int64_t ms) {
    const time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    char text[32];
    if (gmtime_r(&seconds, &parts) != NULL &&
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts) > 0) {
        write_attribute(out, "timestamp", text);
    }
}

void junit_write(FILE *out, const struct experiment_row *row,
                 const struct document *document, const struct cell_list *cells,
                 const struct gate_report *gates) {
    const struct counts counts = count_all(cells, gates);
    const char *name = row->name[0] != '\0' ? row->name : "gilscope";
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite", out);
    write_attribute(out, "name", name);
    fprintf(out, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\"",
            cells->count + gates->count, counts.failures, counts.errors, counts.skipped);
    write_timestamp(out, row->created_ms);
    fputs(">\n", out);
    for (size_t i = 0; i < cells->count; i++) {
        const struct ending ending = ending_of_cell(&cells->items[i]);
        write_case(out, &cells->items[i], "runs", &ending);
    }
    for (size_t i = 0; i < gates->count; i++) {
        write_finding(out, document, &gates->items[i]);
    }
    fputs("  </testsuite>\n</testsuites>\n", out);
}
