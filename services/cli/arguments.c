/* Command lines by tables. */
#include "arguments.h"

#include <stdio.h>
#include <string.h>

enum { DIGITS_MAX = 18, NAME_MAX_SHOWN = 30 };

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0';
}

static const struct argument *find_option(const struct argument *arguments, size_t count,
                                          const char *word, size_t size)
{
    for (size_t i = 0; i < count; i++)
        if (is_option(arguments[i].name) && strlen(arguments[i].name) == size &&
            memcmp(arguments[i].name, word, size) == 0)
            return &arguments[i];
    return NULL;
}

/* The n-th place; the last one may be a list, which takes all that follow. */
static const struct argument *find_place(const struct argument *arguments, size_t count, size_t n)
{
    const struct argument *last = NULL;
    size_t places = 0;

    for (size_t i = 0; i < count; i++) {
        if (is_option(arguments[i].name))
            continue;
        last = &arguments[i];
        if (places++ == n)
            return last;
    }
    return last != NULL && last->kind == ARGUMENT_LIST ? last : NULL;
}

static bool read_count(const struct argument *argument, const char *text, int64_t *out)
{
    size_t size = strlen(text);
    int64_t number = 0;

    if (size == 0 || size > DIGITS_MAX || strspn(text, "0123456789") != size)
        return false;
    for (; *text != '\0'; text++)
        number = number * 10 + (*text - '0');
    *out = number;
    return number >= argument->min && number <= argument->max;
}

/* The largest first. */
static const struct {
    char name;
    int64_t factor_ms;
} age_units[] = {{'d', 86400000}, {'h', 3600000}, {'m', 60000}};

static bool read_age(const struct argument *argument, const char *text, int64_t *out)
{
    size_t size = strspn(text, "0123456789");
    char digits[DIGITS_MAX + 1];
    int64_t number;

    if (size > DIGITS_MAX || text[size] == '\0' || text[size + 1] != '\0')
        return false;
    memcpy(digits, text, size);
    digits[size] = '\0';
    if (!read_count(&(struct argument){.min = 0, .max = INT64_MAX}, digits, &number))
        return false;
    for (size_t i = 0; i < COUNT(age_units); i++)
        if (age_units[i].name == text[size] &&
            !__builtin_mul_overflow(number, age_units[i].factor_ms, out))
            return *out >= argument->min && *out <= argument->max;
    return false;
}

void age_format(int64_t age_ms, char out[static AGE_TEXT_SIZE])
{
    size_t unit = 0;

    while (unit + 1 < COUNT(age_units) && age_ms % age_units[unit].factor_ms != 0)
        unit++;
    snprintf(out, AGE_TEXT_SIZE, "%lld%c", (long long)(age_ms / age_units[unit].factor_ms),
             age_units[unit].name);
}

static bool refuse_age(const struct argument *argument, struct error *error)
{
    char min[AGE_TEXT_SIZE];
    char max[AGE_TEXT_SIZE];

    age_format(argument->min, min);
    age_format(argument->max, max);
    return error_set(error, ERROR_FATAL, "%s is no age, as 36h or 7d, in %s..%s", argument->name,
                     min, max);
}

static bool take(const struct argument *argument, char *const *word, const char *text, void *values,
                 struct error *error)
{
    void *member = (char *)values + argument->offset;

    switch (argument->kind) {
    case ARGUMENT_FLAG: *(bool *)member = true; return true;
    case ARGUMENT_TEXT:
        if (text[0] == '\0')
            return error_set(error, ERROR_FATAL, "%s is empty", argument->name);
        *(const char **)member = text;
        return true;
    case ARGUMENT_COUNT:
        if (read_count(argument, text, member))
            return true;
        return error_set(error, ERROR_FATAL, "%s is no number in %lld..%lld", argument->name,
                         (long long)argument->min, (long long)argument->max);
    case ARGUMENT_AGE: return read_age(argument, text, member) || refuse_age(argument, error);
    case ARGUMENT_LIST: {
        struct argument_list *list = member;
        if (list->count == 0)
            list->items = word;
        else if (list->items + list->count != word)
            return error_set(error, ERROR_FATAL, "options go before %s", argument->name);
        list->count++;
        return true;
    }
    }
    return false;
}

/* A command line being read. */
struct parser {
    const struct argument *arguments;
    size_t count;
    int argc;
    char *const *argv;
    int at;        /* the word in hand */
    size_t places; /* taken so far */
    void *values;
};

/* An option, with its value behind '=' or in the next word. */
static bool take_option(struct parser *parser, const struct argument **taken, struct error *error)
{
    const char *word = parser->argv[parser->at];
    size_t size = strcspn(word, "=");
    const struct argument *argument = find_option(parser->arguments, parser->count, word, size);
    const char *text = word[size] == '=' ? word + size + 1 : NULL;

    if (argument == NULL)
        return error_set(error, ERROR_FATAL, "unknown option %.*s",
                         (int)(size < NAME_MAX_SHOWN ? size : NAME_MAX_SHOWN), word);
    if (argument->kind == ARGUMENT_FLAG && text != NULL)
        return error_set(error, ERROR_FATAL, "%s takes no value", argument->name);
    if (argument->kind != ARGUMENT_FLAG && text == NULL) {
        if (parser->at + 1 == parser->argc)
            return error_set(error, ERROR_FATAL, "%s wants a value", argument->name);
        text = parser->argv[++parser->at];
    }
    *taken = argument;
    return take(argument, NULL, text, parser->values, error);
}

static bool take_place(struct parser *parser, const struct argument **taken, struct error *error)
{
    char *const *word = &parser->argv[parser->at];
    const struct argument *argument =
        find_place(parser->arguments, parser->count, parser->places++);

    if (argument == NULL)
        return error_set(error, ERROR_FATAL, "too many arguments");
    *taken = argument;
    return take(argument, word, *word, parser->values, error);
}

static bool check_required(const struct argument *arguments, size_t count, uint64_t given,
                           struct error *error)
{
    for (size_t i = 0; i < count; i++)
        if (arguments[i].required && (given >> i & 1) == 0)
            return error_set(error, ERROR_FATAL, "%s is missing", arguments[i].name);
    return true;
}

bool arguments_read(const struct argument *arguments, size_t count, int argc, char *const *argv,
                    void *values, struct error *error)
{
    struct parser parser = {
        .arguments = arguments, .count = count, .argc = argc, .argv = argv, .values = values};
    uint64_t given = 0; /* a bit an argument; tables are far shorter */
    bool options = true;

    for (; parser.at < argc; parser.at++) {
        const char *word = argv[parser.at];
        const struct argument *argument = NULL;
        if (options && strcmp(word, "--") == 0) {
            options = false;
            continue;
        }
        bool fine = options && is_option(word) ? take_option(&parser, &argument, error)
                                               : take_place(&parser, &argument, error);
        if (!fine)
            return false;
        given |= UINT64_C(1) << (argument - arguments);
    }
    return check_required(arguments, count, given, error);
}

void arguments_print_usage(const struct argument *arguments, size_t count)
{
    for (int options = 1; options >= 0; options--)
        for (size_t i = 0; i < count; i++) {
            const struct argument *argument = &arguments[i];
            if (is_option(argument->name) != (options == 1))
                continue;
            printf(argument->required ? " %s" : " [%s", argument->name);
            if (argument->value != NULL)
                printf(" %s", argument->value);
            if (argument->kind == ARGUMENT_LIST)
                printf("…");
            printf(argument->required ? "" : "]");
        }
}

void arguments_print_meanings(const struct argument *arguments, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct argument *argument = &arguments[i];
        char left[NAME_MAX_SHOWN];
        snprintf(left, sizeof left, "%s%s%s", argument->name, argument->value != NULL ? " " : "",
                 argument->value != NULL ? argument->value : "");
        printf("  %-24s %s\n", left, argument->meaning);
    }
}
