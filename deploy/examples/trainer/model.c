/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.c - forward and backward pass, written out: the network is small enough to read.
 *
 *   input x = embeddings of the context   hidden h = tanh(W1 x + b1)   output p = softmax(W2 h + b2)
 */
#include "model.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUTS = MODEL_CONTEXT * MODEL_EMBEDDING };

/* Where the parts of the weights (or of the gradients) start. */
struct layers {
        float *embedding, *input, *input_bias, *output, *output_bias;
};

static struct layers layers_of(const struct model *model, float *start)
{
        struct layers layers = { .embedding = start };
        layers.input = layers.embedding + (size_t)model->vocabulary * MODEL_EMBEDDING;
        layers.input_bias = layers.input + (size_t)model->hidden * INPUTS;
        layers.output = layers.input_bias + model->hidden;
        layers.output_bias = layers.output + (size_t)model->vocabulary * model->hidden;
        return layers;
}

/* splitmix64 (Steele, Lea, Flood 2014): the whole state is one number, which makes it easy to save. */
static uint64_t random_next(uint64_t *random)
{
        uint64_t z = *random += UINT64_C(0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        return z ^ (z >> 31);
}

/* Uniform in [-scale, scale). */
static float random_weight(uint64_t *random, double scale)
{
        return (float)(((double)(random_next(random) >> 11) / 4503599627370496.0 - 1.0) * scale);
}

uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t size)
{
        const unsigned char *byte = bytes;
        for (size_t i = 0; i < size; i++)
                hash = (hash ^ byte[i]) * UINT64_C(1099511628211);
        return hash;
}

/* Bytes to indices in order of value, so that the text alone decides. */
static void text_index(struct text *text)
{
        bool seen[256] = { false };
        uint8_t index[256] = { 0 };

        text->hash = hash_bytes(HASH_START, text->symbols, text->length);
        for (size_t i = 0; i < text->length; i++)
                seen[text->symbols[i]] = true;
        for (int byte = 0; byte < 256; byte++) {
                if (seen[byte])
                        index[byte] = (uint8_t)text->vocabulary++;
        }
        for (size_t i = 0; i < text->length; i++)
                text->symbols[i] = index[text->symbols[i]];
}

int text_read(const char *path, struct text *ret_text)
{
        struct text text = { 0 };
        size_t capacity = 0, got;
        FILE *file = fopen(path, "rb");
        if (!file)
                return -1;
        do {
                if (text.length == capacity) {
                        capacity = capacity ? 2 * capacity : 65536;
                        uint8_t *grown = realloc(text.symbols, capacity);
                        if (!grown)
                                goto failed;
                        text.symbols = grown;
                }
                got = fread(text.symbols + text.length, 1, capacity - text.length, file);
                text.length += got;
        } while (got > 0);
        if (ferror(file))
                goto failed;
        if (text.length <= MODEL_CONTEXT) {
                errno = EINVAL;
                goto failed;
        }
        fclose(file);
        text_index(&text);
        *ret_text = text;
        return 0;
failed:
        free(text.symbols);
        fclose(file);
        return -1;
}

void text_finish(struct text *text)
{
        free(text->symbols);
        text->symbols = NULL;
}

int model_init(struct model *ret_model, uint32_t vocabulary, uint32_t hidden, uint64_t *random)
{
        struct model model = { .vocabulary = vocabulary, .hidden = hidden };
        model.n_weights = (size_t)vocabulary * MODEL_EMBEDDING + (size_t)hidden * (INPUTS + 1) +
                          (size_t)vocabulary * (hidden + 1);
        model.weights = calloc(model.n_weights, sizeof(*model.weights));
        model.gradients = calloc(model.n_weights, sizeof(*model.gradients));
        model.activity = calloc(2 * (INPUTS + (size_t)hidden) + vocabulary, sizeof(*model.activity));
        if (!model.weights || !model.gradients || !model.activity) {
                model_finish(&model);
                return -1;
        }
        struct layers layers = layers_of(&model, model.weights);
        for (float *w = layers.embedding; w < layers.input; w++)
                *w = random_weight(random, 1.0);
        for (float *w = layers.input; w < layers.input_bias; w++)
                *w = random_weight(random, 1.0 / sqrt(INPUTS));
        for (float *w = layers.output; w < layers.output_bias; w++)
                *w = random_weight(random, 1.0 / sqrt(hidden));
        *ret_model = model;
        return 0;
}

void model_finish(struct model *model)
{
        free(model->weights);
        free(model->gradients);
        free(model->activity);
        model->weights = model->gradients = model->activity = NULL;
}

/* output[i] = bias[i] + weights[i] . input */
static void affine(const float *weights, const float *bias, const float *input, size_t n_in, float *output,
                   size_t n_out)
{
        for (size_t i = 0; i < n_out; i++) {
                float sum = bias[i];
                for (size_t j = 0; j < n_in; j++)
                        sum += weights[i * n_in + j] * input[j];
                output[i] = sum;
        }
}

/* The way back through affine(): to the gradients of weights, bias and input. */
static void affine_back(const float *weights, const float *input, size_t n_in, const float *delta, size_t n_out,
                        float *weights_gradient, float *bias_gradient, float *input_gradient)
{
        memset(input_gradient, 0, n_in * sizeof(*input_gradient));
        for (size_t i = 0; i < n_out; i++) {
                bias_gradient[i] += delta[i];
                for (size_t j = 0; j < n_in; j++) {
                        weights_gradient[i * n_in + j] += delta[i] * input[j];
                        input_gradient[j] += delta[i] * weights[i * n_in + j];
                }
        }
}

/* Turn scores into probabilities less the truth, which is the loss's gradient, and return the loss. */
static double softmax_loss(float *scores, size_t n, size_t truth)
{
        float most = scores[0];
        double sum = 0.0;
        for (size_t i = 1; i < n; i++)
                most = fmaxf(most, scores[i]);
        for (size_t i = 0; i < n; i++) {
                scores[i] = expf(scores[i] - most);
                sum += (double)scores[i];
        }
        for (size_t i = 0; i < n; i++)
                scores[i] = (float)((double)scores[i] / sum);
        double loss = -log(fmax((double)scores[truth], 1e-30));
        scores[truth] -= 1.0f;
        return loss;
}

/* Loss of one example, its gradients added to the model's. */
static double learn(struct model *model, const uint8_t *context)
{
        struct layers weights = layers_of(model, model->weights);
        struct layers gradients = layers_of(model, model->gradients);
        float *input = model->activity, *hidden = input + INPUTS, *output = hidden + model->hidden;

        for (size_t i = 0; i < MODEL_CONTEXT; i++)
                memcpy(input + i * MODEL_EMBEDDING, weights.embedding + (size_t)context[i] * MODEL_EMBEDDING,
                       MODEL_EMBEDDING * sizeof(*input));
        affine(weights.input, weights.input_bias, input, INPUTS, hidden, model->hidden);
        for (size_t i = 0; i < model->hidden; i++)
                hidden[i] = tanhf(hidden[i]);
        affine(weights.output, weights.output_bias, hidden, model->hidden, output, model->vocabulary);
        double loss = softmax_loss(output, model->vocabulary, context[MODEL_CONTEXT]);

        float *hidden_delta = output + model->vocabulary, *input_delta = hidden_delta + model->hidden;
        affine_back(weights.output, hidden, model->hidden, output, model->vocabulary, gradients.output,
                    gradients.output_bias, hidden_delta);
        for (size_t i = 0; i < model->hidden; i++)
                hidden_delta[i] *= 1.0f - hidden[i] * hidden[i];
        affine_back(weights.input, input, INPUTS, hidden_delta, model->hidden, gradients.input, gradients.input_bias,
                    input_delta);
        for (size_t i = 0; i < INPUTS; i++)
                gradients.embedding[(size_t)context[i / MODEL_EMBEDDING] * MODEL_EMBEDDING + i % MODEL_EMBEDDING] +=
                        input_delta[i];
        return loss;
}

double model_step(struct model *model, const struct text *text, uint32_t batch, double rate, uint64_t *random)
{
        double loss = 0.0;

        memset(model->gradients, 0, model->n_weights * sizeof(*model->gradients));
        for (uint32_t i = 0; i < batch; i++)
                loss += learn(model, text->symbols + random_next(random) % (text->length - MODEL_CONTEXT));
        float scale = (float)(rate / batch);
        for (size_t i = 0; i < model->n_weights; i++)
                model->weights[i] -= scale * model->gradients[i];
        return loss / batch;
}
