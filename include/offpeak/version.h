/* SPDX-License-Identifier: Apache-2.0 */
/*
 * version.h - the version of these headers, and of the library that a program runs with.
 */
#ifndef OFFPEAK_VERSION_H
#define OFFPEAK_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif

#define OFFPEAK_VERSION_MAJOR 0
#define OFFPEAK_VERSION_MINOR 1
#define OFFPEAK_VERSION_PATCH 0

/* The library's own version, "0.1.0". Its major and minor numbers must equal the headers' while the major one is 0. */
const char *offpeak_version(void);

#ifdef __cplusplus
}
#endif

#endif
