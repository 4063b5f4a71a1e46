/* SPDX-License-Identifier: Apache-2.0 */
/*
 * script.h - a job script: its #! line, and the options on `#OFFPEAK` lines above its first command.
 *
 *      #!/bin/bash
 *      #OFFPEAK --gpus 8 -t 6h
 *      #OFFPEAK --deadline "tomorrow 08:00"   # words are split as a shell does, without expansion
 */
#ifndef OFFPEAK_CLI_SCRIPT_H
#define OFFPEAK_CLI_SCRIPT_H

#include <stddef.h>

#include <offpeak/error.h>

struct script_line {
        unsigned number;     /* in the file, from 1 */
        int argc;
        char **argv;         /* owned, ended by NULL */
};

struct script {
        char **interpreter;  /* words of the #! line, ended by NULL */
        int n_interpreter;
        struct script_line *lines;
        size_t n_lines;
        unsigned ignored;    /* first #OFFPEAK line that stands behind a command; 0: none */
};

/*
 * ENOTFOUND: no such file; EIO; EINVAL: no #! line, a quote that is not closed (with file and line), or no text.
 * ret_script is written on success only.
 */
int script_read(const char *path, struct script *ret_script, struct offpeak_error *err);
void script_finish(struct script *script);

/* Words as a shell splits them: blanks, '...', "...", backslash; # begins a comment. EINVAL, ENOMEM. */
int script_split(const char *text, char ***ret_words, int *ret_n, struct offpeak_error *err);
void script_free_words(char **words);

#endif
