/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.h - a small language model over characters: the last MODEL_CONTEXT characters, embedded, one hidden layer of
 * tanh, a softmax over the next character; trained with plain stochastic gradient descent.
 *
 * Deterministic: the same model, text and random state give the same bytes on the same machine. All of what training
 * changes is in `weights` and in the caller's random state, so saving those two saves everything.
 */
#ifndef OFFPEAK_EXAMPLE_MODEL_H
#define OFFPEAK_EXAMPLE_MODEL_H

#include <stddef.h>
#include <stdint.h>

enum { MODEL_CONTEXT = 12, MODEL_EMBEDDING = 8 };

/* A text as indices into the characters that occur in it. */
struct text {
        uint8_t *symbols; /* owned; length of them */
        size_t length;    /* > MODEL_CONTEXT */
        uint32_t vocabulary;
        uint64_t hash; /* of the bytes: two texts that differ have another one */
};

struct model {
        uint32_t vocabulary, hidden;
        size_t n_weights;
        float *weights;   /* owned: embedding, input layer, its bias, output layer, its bias */
        float *gradients; /* owned: scratch of a step, as many as weights */
        float *activity;  /* owned: scratch of one example */
};

/* FNV-1a over size bytes, going on from hash (HASH_START at first). */
#define HASH_START UINT64_C(14695981039346656037)
uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size);

/* Read a file. 0, or -1 with errno set (EINVAL: shorter than a context). */
int text_read(const char *path, struct text *ret_text);
void text_finish(struct text *text);

/* Random weights drawn from *random. 0, or -1 when memory is out. */
int model_init(struct model *ret_model, uint32_t vocabulary, uint32_t hidden, uint64_t *random);
void model_finish(struct model *model);

/* One step on `batch` random places of the text. Returns their mean loss before the step, nats per character. */
double model_step(struct model *model, const struct text *text, uint32_t batch, double rate, uint64_t *random);

#endif
