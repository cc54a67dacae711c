/*
 * Checks the lines of load.c in the files a server wrote.
 *
 *   verify CONNECTIONS LINES_PER_CONNECTION FILE...
 *
 * Prints one JSON object: lines (all), foreign (without a number of ours), unique, duplicates, and disorder: lines
 * whose number is lower than the one before them of the same connection in the same file.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t connections, per_connection, lines, foreign, unique, duplicates, disorder;
static uint8_t *seen;

static void check_line(const char *line, size_t length, int64_t *last)
{
    static const char MARK[] = "id=c";
    const char *mark = memmem(line, length, MARK, sizeof MARK - 1);
    unsigned long long connection, number;
    lines++;
    if (!mark || line + length - mark < 20) {
        foreign++;
        return;
    }
    connection = strtoull(mark + 4, NULL, 10);
    number = strtoull(mark + 10, NULL, 10);
    if (connection >= connections || number >= per_connection) {
        foreign++;
        return;
    }
    uint64_t bit = connection * per_connection + number;
    if (seen[bit >> 3] & 1 << (bit & 7))
        duplicates++;
    else
        unique++;
    seen[bit >> 3] |= 1 << (bit & 7);
    if ((int64_t)number < last[connection])
        disorder++;
    last[connection] = number;
}

static void check_file(const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &status))
        return; /* a file no line was routed to */
    if (status.st_size == 0)
        return;
    const char *data = mmap(NULL, status.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0), *end = data + status.st_size;
    int64_t *last = malloc(connections * sizeof *last);
    if (data == MAP_FAILED || !last)
        err(1, "%s", path);
    memset(last, 0xFF, connections * sizeof *last);
    for (const char *line = data, *stop; line < end; line = stop + 1) {
        stop = memchr(line, '\n', end - line);
        if (!stop)
            break; /* a torn last line is no line */
        check_line(line, stop - line, last);
    }
    free(last);
    munmap((void *)data, status.st_size);
    close(fd);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        errx(2, "usage: verify CONNECTIONS LINES_PER_CONNECTION FILE...");
    connections = strtoull(argv[1], NULL, 10);
    per_connection = strtoull(argv[2], NULL, 10);
    seen = calloc(connections * per_connection / 8 + 1, 1);
    if (!seen)
        err(1, "calloc");
    for (int i = 3; i < argc; i++)
        check_file(argv[i]);
    printf("{\"lines\": %lu, \"foreign\": %lu, \"unique\": %lu, \"duplicates\": %lu, \"disorder\": %lu}\n", lines, foreign,
           unique, duplicates, disorder);
    return 0;
}
