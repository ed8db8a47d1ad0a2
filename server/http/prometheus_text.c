/* SPDX-License-Identifier: MIT */
#include "server/http/prometheus_text.h"

#include <stdarg.h>

void prometheus_text_family(FILE *out, const char *name, const char *type,
                            const char *help) {
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Whole numbers up to 2^53 are written as such. */
void prometheus_text_labelled(FILE *out, const char *name, double value,
                              const char *labels, ...) {
    va_list args;
    fprintf(out, "%s{", name);
    va_start(args, labels);
    vfprintf(out, labels, args);
    va_end(args);
    fprintf(out, "} %.16g\n", value);
}

void prometheus_text_value(FILE *out, const char *name, const char *type,
                           const char *help, double value) {
    prometheus_text_family(out, name, type, help);
    fprintf(out, "%s %.16g\n", name, value);
}
