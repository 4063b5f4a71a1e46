/* SPDX-License-Identifier: Apache-2.0 */
/*
 * effort.h - how often a test that computes much repeats itself. What it says of plans is looked at in the release build; under a
 * sanitizer, which takes five times as long, for what they do to memory.
 */
#ifndef OFFPEAK_TESTS_EFFORT_H
#define OFFPEAK_TESTS_EFFORT_H

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define EFFORT(times, sanitized) (sanitized)
#else
#define EFFORT(times, sanitized) (times)
#endif

#endif
