/* Lines of a file in a buffer of one line. */
#include "lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void lines_open(struct line_reader *reader, int fd)
{
    *reader = (struct line_reader){.fd = fd, .buffer = malloc(LINE_BYTES_MAX + 1)};
    if (reader->buffer == NULL)
        abort();
}

void lines_close(struct line_reader *reader)
{
    free(reader->buffer);
    reader->buffer = NULL;
}

/* Reads on behind what is there, after moving that to the front. */
static bool fill(struct line_reader *reader, struct error *error)
{
    ssize_t size;

    memmove(reader->buffer, reader->buffer + reader->start, reader->end - reader->start);
    reader->end -= reader->start;
    reader->start = 0;
    do
        size = read(reader->fd, reader->buffer + reader->end, LINE_BYTES_MAX + 1 - reader->end);
    while (size < 0 && errno == EINTR);
    if (size < 0)
        return error_set(error, ERROR_FATAL, "standard input: %s", strerror(errno));
    reader->at_end = size == 0;
    reader->end += (size_t)size;
    return true;
}

/* The line that ends at `stop`, or, without one, all that is left. */
static struct line cut(struct line_reader *reader, const char *stop, bool too_long)
{
    const char *text = reader->buffer + reader->start;
    size_t size = stop != NULL ? (size_t)(stop - text) : reader->end - reader->start;

    reader->start += size + (stop != NULL ? 1 : 0);
    reader->number++;
    return (struct line){text, too_long ? 0 : size, too_long};
}

bool lines_next(struct line_reader *reader, struct line *out, struct error *error)
{
    bool too_long = false;
    size_t searched = 0; /* bytes behind `start` that hold no line end */
    const char *stop = NULL;

    while (true) {
        const char *text = reader->buffer + reader->start;
        size_t size = reader->end - reader->start;
        stop = memchr(text + searched, '\n', size - searched);
        if (stop != NULL || reader->at_end)
            break;
        searched = size;
        if (size > LINE_BYTES_MAX) { /* no line of ours: forget what was read of it */
            too_long = true;
            searched = 0;
            reader->start = reader->end;
        }
        if (!fill(reader, error))
            return false;
    }
    if (stop == NULL && reader->start == reader->end && !too_long)
        *out = (struct line){0};
    else
        *out = cut(reader, stop, too_long);
    return true;
}
