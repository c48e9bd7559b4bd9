/* Runs a fuzz target over the files of folders: the fuzzer's main() where there is no fuzzer. */

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SEED_BYTES_MAX = 4 * 1024 * 1024 }; /* more than the runtime takes as one message */

static void replay(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    uint8_t *seed = malloc(SEED_BYTES_MAX);
    if (file == NULL || seed == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    size_t size = fread(seed, 1, SEED_BYTES_MAX, file);
    fclose(file);
    uint8_t *exact = realloc(seed, size > 0 ? size : 1); /* so that ASan sees a read past the end */
    if (exact == NULL)
        exit(EXIT_FAILURE);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
}

int main(int argc, char **argv)
{
    size_t count = 0;
    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        if (folder == NULL) {
            perror(argv[i]);
            return EXIT_FAILURE;
        }
        for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
            if (entry->d_name[0] != '.') {
                replay(argv[i], entry->d_name);
                count++;
            }
        }
        closedir(folder);
    }
    printf("%zu seeds\n", count);
    return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE; /* a fuzzer without seeds proves nothing */
}
