# Makes a text in C of a file of SQL: an array of characters, since literals have a longest length.
BEGIN {
    for (i = 1; i < 256; i++)
        code[sprintf("%c", i)] = i
    print "extern const char migration_runtime[];"
    print "const char migration_runtime[] = {"
}

{
    for (i = 1; i <= length($0); i++)
        printf "%d,", code[substr($0, i, 1)]
    print "10,"
}

END {
    print "0};"
}
