/*
 * avsc2c — binds Avro record schemas to C structs at build time.
 *
 *     avsc2c header lookup_requested.avsc > lookup_requested.h
 *     avsc2c source lookup_requested.avsc > lookup_requested.c
 *
 * It writes data, not code: structs, and tables of their fields that common/avro walks. What it
 * does not know it refuses, with the file and the field: a build that passes has bound every
 * field.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

int main(int argc, char **argv)
{
    static struct model model;

    if (argc != 3 || (strcmp(argv[1], "header") != 0 && strcmp(argv[1], "source") != 0))
        return fputs("usage: avsc2c header|source FILE.avsc\n", stderr), EXIT_FAILURE;
    model_read(argv[2], &model);
    (argv[1][0] == 'h' ? print_header : print_source)(&model);
    return fflush(stdout) != 0 || ferror(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}
