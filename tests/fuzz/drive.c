/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drive.c - runs a libFuzzer entry point without libFuzzer: first every seed file of a folder (sorted by name), then
 * so many mutations of them, from a fixed seed, so that each run is the same.
 *
 *   fuzz_NAME FOLDER ITERATIONS [SEED]
 *   fuzz_NAME FILE              one input, to look at a crash
 *
 * A folder that is missing or empty leaves one empty seed. A crash comes again with the same arguments: look at it in
 * a debugger, `copy` and `size` in feed() are its input.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_SEEDS = 256, MAX_SIZE = 1 << 16 };

struct input {
        uint8_t *bytes;
        size_t size;
};

struct corpus {
        struct input seeds[MAX_SEEDS];
        size_t n;
};

static uint64_t next(uint64_t *seed)
{
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        return *seed;
}

static bool read_file(const char *path, struct input *ret_input)
{
        FILE *file = fopen(path, "rb");
        struct input input = { malloc(MAX_SIZE), 0 };

        if (file == NULL || input.bytes == NULL) {
                free(input.bytes);
                if (file != NULL)
                        fclose(file);
                return false;
        }
        input.size = fread(input.bytes, 1, MAX_SIZE, file);
        fclose(file);
        *ret_input = input;
        return true;
}

static void read_folder(const char *folder, struct corpus *corpus)
{
        struct dirent **entries = NULL;
        int n = scandir(folder, &entries, NULL, alphasort);

        for (int i = 0; i < n; i++) {
                char path[4096];
                struct stat st;

                snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
                if (corpus->n < MAX_SEEDS && stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
                    read_file(path, &corpus->seeds[corpus->n]))
                        corpus->n++;
                free(entries[i]);
        }
        free(entries);
        if (corpus->n == 0)
                corpus->seeds[corpus->n++] = (struct input){ NULL, 0 };
}

/* A heap copy of exactly its size, so that a sanitizer sees a read beyond its end. */
static void feed(const uint8_t *bytes, size_t size)
{
        uint8_t *copy = malloc(size > 0 ? size : 1);

        if (copy == NULL)
                exit(71);
        if (size > 0)
                memcpy(copy, bytes, size);
        LLVMFuzzerTestOneInput(copy, size);
        free(copy);
}

/* Replace [at, at + cut) of *size bytes by n new ones; what does not fit is left out. */
static void splice(uint8_t *bytes, size_t *size, size_t at, size_t cut, const uint8_t *with, size_t n)
{
        if (*size - cut + n > MAX_SIZE)
                return;
        memmove(bytes + at + n, bytes + at + cut, *size - at - cut);
        memcpy(bytes + at, with, n);
        *size = *size - cut + n;
}

/* One small change: flip a bit, set, cut, double, insert, or graft a piece of another seed. */
static void mutate(uint8_t *bytes, size_t *size, const struct corpus *corpus, uint64_t *seed)
{
        static const char *const words[] = { "-",  "0",    "9223372036854775807", "\n", ",",   "\r\n", "\"", ":",
                                             "{",  "}",    "1e999",               " ",  "nan", "#",    "\t", "%s",
                                             "\xff\xfe", "99999999999999999999", "- ", "null" };
        static const uint8_t edges[] = { 0x00, 0x01, 0x7f, 0x80, 0xff, '\n', ' ', '0' };
        const struct input *other = &corpus->seeds[next(seed) % corpus->n];
        const char *word = words[next(seed) % (sizeof(words) / sizeof(words[0]))];
        size_t at = *size > 0 ? next(seed) % *size : 0, left = *size - at;
        size_t length = left > 0 ? 1 + next(seed) % (left < 64 ? left : 64) : 0;
        uint8_t piece[64];

        switch (next(seed) % 6) {
        case 0:
                if (left > 0)
                        bytes[at] ^= (uint8_t)(1u << next(seed) % 8);
                break;
        case 1:
                if (left > 0)
                        bytes[at] = edges[next(seed) % sizeof(edges)];
                break;
        case 2:
                splice(bytes, size, at, length, piece, 0);
                break;
        case 3:
                memcpy(piece, bytes + at, length);
                splice(bytes, size, at, 0, piece, length);
                break;
        case 4:
                splice(bytes, size, at, next(seed) % 2 == 0 ? 0 : length, (const uint8_t *)word, strlen(word));
                break;
        default:
                if (other->size > 0) {
                        size_t from = next(seed) % other->size;

                        length = other->size - from < sizeof(piece) ? other->size - from : sizeof(piece);
                        splice(bytes, size, at, 0, other->bytes + from, length);
                }
                break;
        }
}

static void feed_mutations(const struct corpus *corpus, unsigned long iterations, uint64_t seed)
{
        uint8_t *bytes = malloc(MAX_SIZE);

        if (bytes == NULL)
                exit(71);
        for (unsigned long i = 0; i < iterations; i++) {
                const struct input *from = &corpus->seeds[next(&seed) % corpus->n];
                size_t size = from->size;

                if (size > 0)
                        memcpy(bytes, from->bytes, size);
                for (uint64_t changes = 1 + next(&seed) % 8; changes > 0; changes--)
                        mutate(bytes, &size, corpus, &seed);
                feed(bytes, size);
        }
        free(bytes);
}

int main(int argc, char **argv)
{
        unsigned long iterations = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
        uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 20261122;
        struct corpus *corpus = calloc(1, sizeof(*corpus));

        if (argc < 2 || corpus == NULL || seed == 0) {
                fprintf(stderr, "usage: %s FILE | FOLDER ITERATIONS [SEED > 0]\n", argv[0]);
                free(corpus);
                return 64;
        }
        if (read_file(argv[1], &corpus->seeds[0]) && corpus->seeds[0].size > 0) {
                corpus->n = 1;
        } else {
                free(corpus->seeds[0].bytes);
                read_folder(argv[1], corpus);
        }
        for (size_t i = 0; i < corpus->n; i++)
                feed(corpus->seeds[i].bytes, corpus->seeds[i].size);
        feed_mutations(corpus, iterations, seed);
        printf("%zu seeds, %lu mutations\n", corpus->n, iterations);
        for (size_t i = 0; i < corpus->n; i++)
                free(corpus->seeds[i].bytes);
        free(corpus);
        return 0;
}
