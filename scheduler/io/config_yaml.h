/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_yaml.h - a YAML file into C structs by a libcyaml schema, with the place of everything that is wrong.
 *
 * libcyaml fills the structs, checks the schema and owns the memory. What it cannot do is done before it, on libyaml's
 * document, along the same schema:
 *   - its errors are log lines that name the mapping at best: here an unknown key, one given twice, one that is missing
 *     and a value of the wrong shape are told as FILE:LINE:COLUMN with the nearest known key;
 *   - it knows no mapping with free keys: where the schema wants a sequence of mappings that have a field "name", a
 *     mapping from name to the rest will do (from name to a value, if a field "value" is the rest), and where it wants
 *     a mapping whose first field is "file", the file's name alone;
 *   - it forgets where a value stood: each string it delivers reads "LINE:COLUMN:text" (see config_value.h).
 *
 * A schema may use mappings, sequences and strings; every other type is made of strings, with a place, afterwards.
 */
#ifndef OFFPEAK_IO_CONFIG_YAML_H
#define OFFPEAK_IO_CONFIG_YAML_H

#include <stddef.h>

#include <cyaml/cyaml.h>

#include <offpeak/error.h>

#include "io/config_faults.h"

/*
 * Load size bytes of YAML, called `file` in errors. schema: of the whole document, a mapping by pointer. ECONFIG with
 * the place; ENOMEM. ret_data, written on success only, is freed by config_yaml_free.
 *
 * faults: NULL, and the first that is wrong ends it. Else all that is wrong is added there, and it is a success if the
 * rest can be read: what is wrong, or lacks something, is left out with all that is in it.
 */
int config_yaml_load(const char *file, const char *text, size_t size, const cyaml_schema_value_t *schema,
                     struct config_faults *faults, void **ret_data, struct offpeak_error *err);

/* The same from a file of 1 MiB at most; ret_folder: its folder, absolute, malloc'ed. Also ENOTFOUND, EIO. */
int config_yaml_read(const char *path, const cyaml_schema_value_t *schema, struct config_faults *faults,
                     void **ret_data, char **ret_folder, struct offpeak_error *err);

void config_yaml_free(const cyaml_schema_value_t *schema, void *data);

#endif
