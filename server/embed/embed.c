/* SPDX-License-Identifier: MIT */
/*
 * embed - build tool: turns files into C tables, so that one executable is the whole
 * program.
 *
 *     embed assets   OUT.c DIR    every file under DIR  -> server/http/asset.h
 *     embed contract OUT.c DIR    DIR/openapi.json      -> server/api/contract.h
 *     embed examples OUT.c DIR    every DIR/<id>.json   -> server/examples/example.h
 *     embed published OUT.c DIR   the same              -> server/fidelity/published.h
 *     embed errors   OUT.c DIR    DIR/errors.csv        -> server/fidelity/error_table.h
 *
 * A directory that does not exist gives an empty table (a build without the dashboard).
 * The output depends on names and bytes only, so the same input gives the same
 * executable. It runs only while building; any failure ends it with one line and exit
 * status 1.
 */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <zlib.h>

enum { PATH_SIZE = 4096, BYTES_PER_LINE = 16, DEPTH_MAX = 8 };

struct file_list {
    char **paths; /* relative to the directory, sorted before use */
    size_t count;
};

struct bytes {
    unsigned char *data;
    size_t size;
};

/* --- failure
 * ---------------------------------------------------------------------------- */

__attribute__((format(printf, 1, 2))) static _Noreturn void fail(const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    fputs("embed: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    exit(EXIT_FAILURE);
}

static void *grow(void *old, size_t size) {
    void *block = realloc(old, size > 0 ? size : 1);
    if (block == NULL) {
        fail("out of memory");
    }
    return block;
}

/* --- reading
 * ---------------------------------------------------------------------------- */

static void join(char *out, const char *directory, const char *name) {
    const int length = snprintf(out, PATH_SIZE, "%s%s%s", directory,
                                directory[0] != '\0' && name[0] != '\0' ? "/" : "", name);
    if (length < 0 || length >= PATH_SIZE) {
        fail("path too long: %s/%s", directory, name);
    }
}

static void file_list_add(struct file_list *list, const char *path) {
    const size_t size = strlen(path) + 1;
    list->paths = grow(list->paths, (list->count + 1) * sizeof *list->paths);
    list->paths[list->count] = grow(NULL, size);
    memcpy(list->paths[list->count], path, size);
    list->count++;
}

static void file_list_deinit(struct file_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->paths[i]);
    }
    free(list->paths);
}

static int compare_paths(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void walk(struct file_list *list, const char *root, const char *below, int depth) {
    char directory_path[PATH_SIZE];
    join(directory_path, root, below);
    DIR *directory = opendir(directory_path);
    if (directory == NULL) {
        if (depth == 0 && errno == ENOENT) {
            return;
        }
        fail("%s: %s", directory_path, strerror(errno));
    }
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        char relative[PATH_SIZE];
        char full[PATH_SIZE];
        struct stat status;
        join(relative, below, entry->d_name);
        join(full, root, relative);
        if (stat(full, &status) != 0) {
            fail("%s: %s", full, strerror(errno));
        }
        if (S_ISDIR(status.st_mode) && depth < DEPTH_MAX) {
            walk(list, root, relative, depth + 1);
        } else if (S_ISREG(status.st_mode)) {
            file_list_add(list, relative);
        }
    }
    closedir(directory);
}

static struct bytes read_file(const char *root, const char *relative) {
    char path[PATH_SIZE];
    join(path, root, relative);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail("%s: %s", path, strerror(errno));
    }
    struct bytes bytes = {0};
    size_t got;
    do {
        bytes.data = grow(bytes.data, bytes.size + BUFSIZ);
        got = fread(bytes.data + bytes.size, 1, BUFSIZ, file);
        bytes.size += got;
    } while (got > 0);
    if (ferror(file)) {
        fail("%s: cannot be read", path);
    }
    fclose(file);
    return bytes;
}

/* --- what the table says about a file
 * ---------------------------------------------------- */

static bool ends_with(const char *text, const char *end) {
    const size_t text_length = strlen(text);
    const size_t end_length = strlen(end);
    return text_length > end_length && strcmp(text + text_length - end_length, end) == 0;
}

static const char *content_type(const char *path) {
    static const struct {
        const char *end;
        const char *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".json", "application/json"},
        {".map", "application/json"},
        {".webmanifest", "application/manifest+json"},
        {".txt", "text/plain; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".woff2", "font/woff2"},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (ends_with(path, types[i].end)) {
            return types[i].type;
        }
    }
    return "application/octet-stream";
}

/* FNV-1a: an ETag has to differ when the bytes differ, not to resist an attacker. */
static uint64_t content_hash(const struct bytes *bytes) {
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < bytes->size; i++) {
        hash = (hash ^ bytes->data[i]) * UINT64_C(1099511628211);
    }
    return hash;
}

/* The gzip form (no name, no time stamp), or nothing where it is not smaller. */
static struct bytes compress_bytes(const struct bytes *bytes) {
    z_stream stream = {0};
    enum { GZIP_WINDOW = 15 + 16, MEMORY_LEVEL = 9 };
    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
        fail("zlib cannot start");
    }
    struct bytes packed = {0};
    const size_t bound = deflateBound(&stream, bytes->size);
    packed.data = grow(NULL, bound);
    stream.next_in = bytes->data;
    stream.avail_in = (uInt)bytes->size;
    stream.next_out = packed.data;
    stream.avail_out = (uInt)bound;
    if (deflate(&stream, Z_FINISH) != Z_STREAM_END) {
        fail("zlib cannot compress");
    }
    packed.size = stream.total_out;
    deflateEnd(&stream);
    if (packed.size >= bytes->size) {
        free(packed.data);
        return (struct bytes){0};
    }
    return packed;
}

/* --- writing
 * ---------------------------------------------------------------------------- */

/* File names become C string literals as they are, so only plain ones are let through. */
static void require_plain_name(const char *path) {
    for (const char *c = path; *c != '\0'; c++) {
        const bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                           (*c >= '0' && *c <= '9') || strchr("._-/", *c) != NULL;
        if (!plain) {
            fail("unexpected character in the name of '%s'", path);
        }
    }
}

static void write_array(FILE *out, const char *name, size_t index,
                        const struct bytes *bytes) {
    fprintf(out, "static const unsigned char %s_%zu[] = {", name, index);
    for (size_t i = 0; i < bytes->size; i++) {
        fprintf(out, "%s%u,", i % BYTES_PER_LINE == 0 ? "\n    " : "", bytes->data[i]);
    }
    /* One zero more: an empty file has no empty array, and text is terminated. */
    fputs("\n    0};\n\n", out);
}

/* The arrays of a file, and in `table` the struct asset that shows them. */
static void write_asset(FILE *out, FILE *table, const char *root, const char *path,
                        size_t index) {
    struct bytes data = read_file(root, path);
    struct bytes packed = compress_bytes(&data);
    require_plain_name(path);
    write_array(out, "data", index, &data);
    fprintf(table, "{\"/%s\", \"%s\", data_%zu, %zu, ", path, content_type(path), index,
            data.size);
    if (packed.data != NULL) {
        write_array(out, "gzip", index, &packed);
        fprintf(table, "gzip_%zu, %zu, ", index, packed.size);
    } else {
        fputs("NULL, 0, ", table);
    }
    fprintf(table, "\"\\\"%016llx-%zx\\\"\"}", (unsigned long long)content_hash(&data),
            data.size);
    free(packed.data);
    free(data.data);
}

static FILE *open_text(char **text, size_t *size) {
    FILE *file = open_memstream(text, size);
    if (file == NULL) {
        fail("out of memory");
    }
    return file;
}

static void write_assets(FILE *out, const char *root, const struct file_list *list) {
    fputs("#include \"server/http/asset.h\"\n\n", out);
    char *rows = NULL;
    size_t rows_size = 0;
    FILE *table = open_text(&rows, &rows_size);
    for (size_t i = 0; i < list->count; i++) {
        fputs("    ", table);
        write_asset(out, table, root, list->paths[i], i);
        fputs(",\n", table);
    }
    fclose(table);
    fprintf(out, "const struct asset assets[] = {\n%s    {0}};\n", rows);
    fprintf(out, "const size_t asset_count = %zu;\n", list->count);
    free(rows);
}

static void write_contract(FILE *out, const char *root) {
    fputs("#include \"server/api/contract.h\"\n\n", out);
    char *row = NULL;
    size_t row_size = 0;
    FILE *table = open_text(&row, &row_size);
    write_asset(out, table, root, "openapi.json", 0);
    fclose(table);
    fprintf(out, "const struct asset contract = %s;\n", row);
    free(row);
}

/* Leaves only what lies in the directory itself and is called <id>.json. */
static void file_list_keep_documents(struct file_list *list) {
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        char *path = list->paths[i];
        if (ends_with(path, ".json") && strchr(path, '/') == NULL) {
            list->paths[kept++] = path;
        } else {
            free(path);
        }
    }
    list->count = kept;
}

/* A table of documents, and what declares it. */
struct document_table {
    const char *word; /* on the command line */
    const char *headers;
    const char *items, *count;
};

static const struct document_table document_tables[] = {
    {"examples", "#include \"server/examples/example.h\"\n\n", "examples",
     "example_count"},
    {"published", "#include \"server/fidelity/published.h\"\n\n", "published_documents",
     "published_document_count"},
};
enum { DOCUMENT_TABLES = sizeof document_tables / sizeof document_tables[0] };

/* NULL when there is no such table. */
static const struct document_table *find_document_table(const char *word) {
    for (size_t i = 0; i < DOCUMENT_TABLES; i++) {
        if (strcmp(document_tables[i].word, word) == 0) {
            return &document_tables[i];
        }
    }
    return NULL;
}

static void write_documents(FILE *out, const char *root, const struct file_list *list,
                            const struct document_table *documents) {
    fputs(documents->headers, out);
    char *rows = NULL;
    size_t rows_size = 0;
    FILE *table = open_text(&rows, &rows_size);
    for (size_t i = 0; i < list->count; i++) {
        const char *path = list->paths[i];
        const int id_length = (int)(strlen(path) - strlen(".json"));
        struct bytes text = read_file(root, path);
        require_plain_name(path);
        write_array(out, "text", i, &text);
        fprintf(table, "    {\"%.*s\", (const char *)text_%zu, %zu},\n", id_length, path,
                i, text.size);
        free(text.data);
    }
    fclose(table);
    fprintf(out, "const struct example %s[] = {\n%s    {0}};\n", documents->items, rows);
    fprintf(out, "const size_t %s = %zu;\n", documents->count, list->count);
    free(rows);
}

/* "2.7.18,pool,threads,jobs=30,4,,0.5" -> {"2.7.18", "pool", "threads", "jobs=30", 4, NAN,
 * 0.5}: the first columns are text, the others are numbers or empty. */
static void write_error_row(FILE *out, const char *line) {
    enum { TEXTS = 4 };
    int column = 0;
    fputs("    {", out);
    for (const char *end; line != NULL; line = *end == ',' ? end + 1 : NULL, column++) {
        end = line + strcspn(line, ",");
        const int length = (int)(end - line);
        if (strcspn(line, "\"\\") < (size_t)length) {
            fail("errors.csv: unexpected character in '%s'", line);
        }
        if (column < TEXTS) {
            fprintf(out, "\"%.*s\", ", length, line);
        } else {
            fprintf(out, "%.*s, ", length > 0 ? length : 3, length > 0 ? line : "NAN");
        }
    }
    fputs("},\n", out);
}

static void write_errors(FILE *out, const char *root) {
    struct bytes text = read_file(root, "errors.csv");
    text.data = grow(text.data, text.size + 1);
    text.data[text.size] = '\0';
    fputs("#include \"server/fidelity/error_table.h\"\n\n#include <math.h>\n\n", out);
    fputs("const struct error_row error_rows[] = {\n", out);
    size_t lines = 0;
    char *rest = NULL;
    for (char *line = strtok_r((char *)text.data, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        if (lines++ > 0) { /* the first one names the columns */
            write_error_row(out, line);
        }
    }
    fputs("    {0}};\n", out);
    fprintf(out, "const size_t error_row_count = %zu;\n", lines > 0 ? lines - 1 : 0);
    free(text.data);
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fail("usage: embed assets|contract|examples|published|errors OUT.c DIR");
    }
    struct file_list list = {0};
    walk(&list, argv[3], "", 0);
    if (list.count > 0) {
        qsort(list.paths, list.count, sizeof *list.paths, compare_paths);
    }
    FILE *out = fopen(argv[2], "w");
    if (out == NULL) {
        fail("%s: %s", argv[2], strerror(errno));
    }
    fputs("/* Written by server/embed while building. */\n", out);
    if (strcmp(argv[1], "assets") == 0) {
        write_assets(out, argv[3], &list);
    } else if (strcmp(argv[1], "contract") == 0) {
        write_contract(out, argv[3]);
    } else if (strcmp(argv[1], "errors") == 0) {
        write_errors(out, argv[3]);
    } else if (find_document_table(argv[1]) != NULL) {
        file_list_keep_documents(&list);
        write_documents(out, argv[3], &list, find_document_table(argv[1]));
    } else {
        fail("unknown table '%s'", argv[1]);
    }
    if (fclose(out) != 0) {
        fail("%s: %s", argv[2], strerror(errno));
    }
    file_list_deinit(&list);
    return EXIT_SUCCESS;
}
