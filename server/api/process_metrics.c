/* SPDX-License-Identifier: MIT */
#include "server/api/process_metrics.h"

#include <dirent.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "server/http/prometheus_text.h"

static void gauge(FILE *out, const char *name, const char *help, double value) {
    prometheus_text_value(out, name, "gauge", help, value);
}

static void write_cpu(FILE *out) {
    struct timespec used;
    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0) {
        prometheus_text_value(out, "process_cpu_seconds_total", "counter",
                              "Time on processors, user and system.",
                              (double)used.tv_sec + (double)used.tv_nsec / 1e9);
    }
}

/* Two numbers of pages. */
static void write_memory(FILE *out) {
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long long size, resident;
    if (file == NULL) {
        return;
    }
    if (fscanf(file, "%llu %llu", &size, &resident) == 2) {
        const double page = (double)sysconf(_SC_PAGESIZE);
        gauge(out, "process_virtual_memory_bytes", "Address space.", (double)size * page);
        gauge(out, "process_resident_memory_bytes", "Memory in use.",
              (double)resident * page);
    }
    fclose(file);
}

static void write_files(FILE *out) {
    struct rlimit limit;
    DIR *directory = opendir("/proc/self/fd");
    if (directory != NULL) {
        int count = -1; /* without the one that is being read */
        for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
            count += entry->d_name[0] != '.' ? 1 : 0;
        }
        closedir(directory);
        gauge(out, "process_open_fds", "Open files and sockets.", count);
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        gauge(out, "process_max_fds", "How many there may be.", (double)limit.rlim_cur);
    }
}

/* Seconds of the Unix clock at which the machine was started; 0 when not known. */
static double boot_time(void) {
    FILE *file = fopen("/proc/stat", "r");
    char line[256];
    unsigned long long seconds = 0;
    if (file == NULL) {
        return 0;
    }
    while (fgets(line, sizeof line, file) != NULL &&
           sscanf(line, "btime %llu", &seconds) != 1) {
    }
    fclose(file);
    return (double)seconds;
}

/* Field 20 behind the name, which is in parentheses and may have any character. */
static void write_start(FILE *out) {
    FILE *file = fopen("/proc/self/stat", "r");
    char text[1024] = "";
    if (file == NULL) {
        return;
    }
    const size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[size] = '\0';
    const char *at = strrchr(text, ')');
    for (int i = 0; at != NULL && i < 20; i++) {
        at = strchr(at + 1, ' ');
    }
    unsigned long long ticks;
    const double boot = boot_time();
    if (at != NULL && boot > 0 && sscanf(at, " %llu", &ticks) == 1) {
        gauge(out, "process_start_time_seconds", "Start, in seconds since 1970.",
              boot + (double)ticks / (double)sysconf(_SC_CLK_TCK));
    }
}

void process_metrics_write(FILE *out) {
    write_cpu(out);
    write_memory(out);
    write_files(out);
    write_start(out);
}
