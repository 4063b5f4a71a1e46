/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_script.h - what a test has the fake library say: lines of fake_nvml.c's language, put in place at once. Failures
 * end the test.
 */
#ifndef OFFPEAK_TESTS_FAKE_SCRIPT_H
#define OFFPEAK_TESTS_FAKE_SCRIPT_H

#include <stddef.h>

struct fake_script {
        char folder[64], path[96];
        char *text;
};

/* A script without GPUs, in force for libraries of this process and of those it starts. */
void fake_script_open(struct fake_script *script);
void fake_script_close(struct fake_script *script);

/* Add a line; a key said before is said anew. In force at once. */
void fake_say(struct fake_script *script, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The limits that were set, one line each, as the library keeps them; "" for none. Returns buffer. */
const char *fake_limits(const struct fake_script *script, char *buffer, size_t size);

#endif
