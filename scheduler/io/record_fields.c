/* SPDX-License-Identifier: Apache-2.0 */
#include "io/record_fields.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory */

struct arena_block {
        struct arena_block *next;
        max_align_t data[];
};

void *arena_take(struct arena *arena, size_t n, size_t size)
{
        struct arena_block *block = NULL;

        if (n <= (SIZE_MAX - sizeof(*block)) / size)
                block = calloc(1, sizeof(*block) + n * size);
        if (block == NULL) {
                arena->failed = true;
                return NULL;
        }
        block->next = arena->blocks;
        arena->blocks = block;
        return block->data;
}

void arena_finish(struct arena *arena)
{
        while (arena->blocks != NULL) {
                struct arena_block *block = arena->blocks;

                arena->blocks = block->next;
                free(block);
        }
}

/* ---- outwards */

/* n parts of one kind, initialised: an array of pointers to them, as protobuf-c has repeated fields. */
void *record_parts_new(struct arena *arena, const ProtobufCMessageDescriptor *kind, size_t n)
{
        void **pointers = arena_take(arena, n, sizeof(void *));
        char *parts = arena_take(arena, n, kind->sizeof_message);

        if (pointers == NULL || parts == NULL)
                return NULL;
        for (size_t i = 0; i < n; i++) {
                pointers[i] = parts + i * kind->sizeof_message;
                protobuf_c_message_init(kind, pointers[i]);
        }
        return pointers;
}

void *record_part_new(struct arena *arena, const ProtobufCMessageDescriptor *kind)
{
        void **one = record_parts_new(arena, kind, 1);

        return one != NULL ? one[0] : NULL;
}

/* protobuf-c does not write to what it packs: the const goes away only for its structs. */
char *record_text(const char *text)
{
        return text != NULL ? (char *)(uintptr_t)text : (char *)(uintptr_t) "";
}

void record_fill_request(Log__Request *to, const struct request *from)
{
        to->id.data = (uint8_t *)(uintptr_t)from->id;
        to->id.len = sizeof(from->id);
        to->uid = from->uid;
        to->digest = from->digest;
        to->job = from->job;
        to->code = from->code;
        to->text = record_text(from->text);
        to->at = from->at;
}

Log__Request *record_request_part(struct arena *arena, const struct request *from)
{
        Log__Request *to = record_part_new(arena, &log__request__descriptor);

        if (to != NULL)
                record_fill_request(to, from);
        return to;
}

/* ---- inwards */

void *record_take_memory(struct taker *taker, size_t n, size_t size)
{
        void *memory = n > 0 ? calloc(n, size) : NULL;

        if (memory == NULL && n > 0)
                taker->no_memory = true;
        return memory;
}

char *record_take_text(struct taker *taker, const char *text)
{
        char *copy = strdup(text);

        if (copy == NULL)
                taker->no_memory = true;
        return copy;
}

char *record_take_optional(struct taker *taker, const char *text)
{
        return text[0] != '\0' ? record_take_text(taker, text) : NULL;
}

/* At most size - 1 bytes; NULL for none. */
char *record_take_bounded(struct taker *taker, const char *text, size_t size, const char *field)
{
        if (strnlen(text, size) < size)
                return record_take_optional(taker, text);
        taker->wrong = field;
        return NULL;
}

/* A NULL behind the last word. No words: NULL. */
char **record_take_words(struct taker *taker, char *const *words, size_t n, size_t *ret_n)
{
        char **copy = record_take_memory(taker, n > 0 ? n + 1 : 0, sizeof(char *));

        *ret_n = copy != NULL ? n : 0;
        for (size_t i = 0; i < *ret_n; i++)
                copy[i] = record_take_text(taker, words[i]);
        return copy;
}

uint64_t *record_take_ids(struct taker *taker, const uint64_t *ids, size_t n, size_t *ret_n)
{
        uint64_t *copy = record_take_memory(taker, n, sizeof(*copy));

        *ret_n = copy != NULL ? n : 0;
        if (copy != NULL)
                memcpy(copy, ids, n * sizeof(*copy));
        return copy;
}

void record_take_chars(struct taker *taker, const char *text, char *to, size_t size, const char *field)
{
        size_t length = strlen(text);

        if (length >= size)
                taker->wrong = field;
        else
                memcpy(to, text, length + 1);
}

uint32_t record_take_enum(struct taker *taker, uint32_t value, uint32_t low, uint32_t high, const char *field)
{
        if (value >= low && value <= high)
                return value;
        taker->wrong = field;
        return low;
}

void record_take_request(struct taker *taker, const Log__Request *from, struct request *to)
{
        if (from->id.len == sizeof(to->id))
                memcpy(to->id, from->id.data, sizeof(to->id));
        else
                taker->wrong = "request.id";
        to->uid = from->uid;
        to->digest = from->digest;
        to->job = from->job;
        to->code = from->code;
        to->text = record_take_optional(taker, from->text);
        to->at = from->at;
}
