/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.h - the error codes of Offpeak and the sentence that goes with one.
 *
 * A function that can fail returns 0 or a negative code of this list. At a
 * boundary (user input, files, network) it also takes a struct offpeak_error
 * and fills in a sentence for a person: the place, the cause, the remedy.
 */
#ifndef OFFPEAK_ERROR_H
#define OFFPEAK_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, number, exit code of a command that fails with it, what it means) */
#define OFFPEAK_ERRORS(X)                                                                   \
        X(OK, 0, 0, "success")                                                              \
        X(ENOMEM, -1, 71, "out of memory")                                                  \
        X(EUSAGE, -2, 64, "the command line is wrong")                                      \
        X(EINVAL, -3, 65, "the input is wrong")                                             \
        X(ENOTFOUND, -4, 66, "no such job, node, site, class or file")                      \
        X(EUNREACHABLE, -5, 69, "the scheduler does not answer")                            \
        X(EINTERNAL, -6, 70, "a fault of Offpeak's own")                                    \
        X(EIO, -7, 74, "reading or writing failed")                                         \
        X(ETRYAGAIN, -8, 75, "not now; the same request may succeed later")                 \
        X(EPROTOCOL, -9, 76, "the other side speaks another protocol version, or garbage")  \
        X(EPERMISSION, -10, 77, "not allowed")                                              \
        X(ECONFIG, -11, 78, "the configuration is wrong")                                   \
        X(ESTATE, -12, 65, "the job is in a state in which this cannot be done")            \
        X(EDEADLINE, -13, 65, "the deadline cannot be met")                                 \
        X(ECONFLICT, -14, 65, "the request id was used for another request")

enum offpeak_code {
#define OFFPEAK_X(name, number, exit_code, text) OFFPEAK_##name = (number),
        OFFPEAK_ERRORS(OFFPEAK_X)
#undef OFFPEAK_X
};

struct offpeak_error {
        int code;       /* enum offpeak_code */
        char text[768]; /* one or two lines for a person, without a final newline */
};

/* The code's name ("EINVAL"), its meaning, and the exit code for it (sysexits.h's numbers). Never NULL. */
const char *offpeak_code_name(int code);
const char *offpeak_code_text(int code);
int offpeak_exit_code(int code);

#ifdef __cplusplus
}
#endif

#endif
