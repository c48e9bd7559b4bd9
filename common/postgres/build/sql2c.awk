# Makes C of .sql files, one statement a file: kind=h its declarations, kind=c the texts and the
# tables of parameters. A parameter names its type where it is used: $1::text, $2::uuid[]. Each of
# these stops the build: a parameter without a type, with two types, of an unknown type, a gap.

BEGIN {
    split("bool int2 int4 int8 float8 text bytea uuid date timestamptz jsonb", names, " ")
    for (i in names)
        types[names[i]] = toupper(names[i])
    types["boolean"] = "BOOL"
    types["smallint"] = "INT2"
    types["int"] = types["integer"] = "INT4"
    types["bigint"] = "INT8"
    types["double precision"] = "FLOAT8"
}

function fail(why) {
    printf "%s: %s\n", file, why > "/dev/stderr"
    failed = 1
}

# The line without comments; `quoted` and `depth` (of /* */) last from line to line.
function strip(line,    kept, two, c) {
    kept = ""
    while (line != "") {
        c = substr(line, 1, 1)
        two = substr(line, 1, 2)
        if (quoted == "" && two == "/*") {
            depth++
            line = substr(line, 3)
        } else if (depth > 0) {
            if (two == "*/")
                depth--
            line = substr(line, two == "*/" ? 3 : 2)
        } else if (quoted == "" && two == "--") {
            line = ""
        } else {
            if (quoted == c)
                quoted = ""
            else if (quoted == "" && (c == "'" || c == "\""))
                quoted = c
            kept = kept c
            line = substr(line, 2)
        }
    }
    sub(/[ \t]+$/, "", kept)
    return kept
}

# Notes the types of all $n of a text that has no comments left; strings are no place for them.
function note_parameters(text,    n, type) {
    gsub(/'[^']*'/, "''", text)
    while (match(text, /\$[0-9]+/)) {
        n = substr(text, RSTART + 1, RLENGTH - 1) + 0
        text = substr(text, RSTART + RLENGTH)
        if (n > count)
            count = n
        used[n] = 1
        if (text !~ /^::/)
            continue
        text = tolower(substr(text, 3))
        type = match(text, /^double precision(\[\])?/) || match(text, /^[a-z_0-9]+(\[\])?/) \
            ? substr(text, 1, RLENGTH) : ""
        if (n in typed && typed[n] != type)
            fail("$" n " is both " typed[n] " and " type)
        typed[n] = type
    }
}

function print_parameters(    n, type, array) {
    for (n = 1; n <= count; n++) {
        type = n in typed ? typed[n] : "none"
        array = sub(/\[\]$/, "", type)
        if (!(n in used))
            fail("$" n " is missing, though $" count " is there")
        else if (type == "none")
            fail("$" n " has no type; write $" n "::text or the like")
        else if (!(type in types))
            fail("$" n " has the unknown type " (type == "" ? "''" : type))
        body = body sprintf("%s{COLUMN_%s, %s}", n > 1 ? ", " : "", types[type], array ? "true" : "false")
    }
}

function print_statement() {
    gsub(/\\/, "&&", text)
    gsub(/"/, "\\\"", text)
    gsub(/\n/, "\\n\"\n           \"", text)
    body = body sprintf("const struct statement sql_%s = {\n    .name = \"%s\",\n", name, name)
    body = body "    .sql = \"" text "\",\n"
    if (count > 0)
        body = body sprintf("    .parameters = %s_parameters,\n    .parameter_count = %d,\n", name, count)
    body = body "};\n\n"
    heads = heads sprintf("extern const struct statement sql_%s;\n", name)
}

function finish_file() {
    sub(/;\n*$/, "", text)
    sub(/\n+$/, "", text)
    if (text == "" || quoted != "" || depth > 0)
        fail(text == "" ? "holds no statement" : "a string or a comment is not closed")
    if (count > 0) {
        body = body sprintf("static const struct parameter %s_parameters[] = {", name)
        print_parameters()
        body = body "};\n"
    }
    print_statement()
}

FNR == 1 {
    if (NR > 1)
        finish_file()
    file = FILENAME
    name = file
    gsub(/.*\/|\.sql$/, "", name)
    if (name !~ /^[a-z][a-z0-9_]*$/)
        fail("the name of the file is no name in C")
    text = quoted = ""
    depth = count = 0
    split("", used)
    split("", typed)
}

{
    line = strip($0)
    if (line != "" || quoted != "") {
        note_parameters(line)
        text = text line "\n"
    }
}

END {
    if (NR > 0)
        finish_file()
    if (failed)
        exit 1
    printf "/* Made by common/postgres/build/sql2c.awk from sql/. */\n"
    if (kind == "h")
        printf "#ifndef %s_SQL_H\n#define %s_SQL_H\n\n#include \"common/postgres/statement.h\"\n\n%s\n#endif\n",
            toupper(base), toupper(base), heads
    else
        printf "#include \"%s_sql.h\"\n\n%s", base, body
}
