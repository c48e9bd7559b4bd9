#ifndef TESTS_SUPPORT_FAKE_ROWS_H
#define TESTS_SUPPORT_FAKE_ROWS_H

/* Values and rows without PostgreSQL; part of fake_worker.h. */

struct value value_bytes_or_null(struct bytes bytes)
{
    return bytes.data == NULL ? NOTHING : BYTES(bytes);
}

struct value value_text(const char *text)
{
    if (text == NULL)
        return NOTHING;
    return (struct value){.kind = VALUE_TEXT, .bytes = bytes_of(text)};
}

/* Rows are put in as structs, so nothing reads columns. */
bool row_is_null(const struct row *row, int column)
{
    (void)row, (void)column;
    return true;
}

const char *row_text(const struct row *row, int column, struct arena *arena)
{
    (void)row, (void)column, (void)arena;
    return NULL;
}

struct bytes row_bytes(const struct row *row, int column, struct arena *arena)
{
    (void)row, (void)column, (void)arena;
    return (struct bytes){0};
}

struct uuid row_uuid(const struct row *row, int column)
{
    (void)row, (void)column;
    return (struct uuid){0};
}

int64_t row_int(const struct row *row, int column)
{
    (void)row, (void)column;
    return 0;
}

bool row_bool(const struct row *row, int column)
{
    (void)row, (void)column;
    return false;
}

double row_double(const struct row *row, int column)
{
    (void)row, (void)column;
    return 0;
}

int64_t row_time_ms(const struct row *row, int column)
{
    (void)row, (void)column;
    return 0;
}

int row_choice(const struct row *row, int column, const char *const *names, int count,
               int otherwise)
{
    (void)row, (void)column, (void)names, (void)count;
    return otherwise;
}

#endif
