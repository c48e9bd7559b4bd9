#ifndef CLI_LINES_H
#define CLI_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/core/base.h"
#include "common/core/error.h"

/* The largest line: an event beyond it would fit in no topic. */
enum { LINE_BYTES_MAX = 4 << 20 };

/* Reads a file descriptor line by line, with bounded memory. */
struct line_reader {
    int fd;
    char *buffer;
    size_t start, end; /* what is read, but not given out */
    bool at_end;       /* of the file */
    size_t number;     /* of the line given last, from 1 */
};

void lines_open(struct line_reader *reader, int fd);
void lines_close(struct line_reader *reader); /* leaves the descriptor open */

struct line {
    const char *text; /* without its end; lives until the next call; NULL: there is none left */
    size_t size;
    bool too_long; /* the line is beyond LINE_BYTES_MAX: skipped, `size` is 0 */
};

/* False only when reading fails. */
MUST_CHECK bool lines_next(struct line_reader *reader, struct line *out, struct error *error);

#endif
