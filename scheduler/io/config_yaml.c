/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config_yaml.c - text -> libyaml document -> (checked along the schema, written again with places) -> libcyaml.
 *
 * What is written again is flow-style YAML: {"key": "3:7:value"}. Its depth is bounded by the schema's, whatever
 * aliases the document has, and its size by LARGEST_REWRITE.
 */
#include "io/config_yaml.h"

#include <errno.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "base/fail.h"
#include "base/text.h"

enum { MAX_FIELDS = 64, LARGEST_FILE = 1 << 20, LARGEST_REWRITE = 8 << 20 };

struct walk {
        const char *file;
        struct config_faults *faults; /* all that is wrong goes here; NULL: the first ends the walk */
        bool over;                    /* nothing more is looked for */
        yaml_document_t document;
        FILE *out;
        struct offpeak_error *err;
};

__attribute__((format(printf, 3, 4))) static int refuse(struct walk *walk, yaml_mark_t mark, const char *format, ...)
{
        char text[600];
        va_list args;

        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        if (walk->faults != NULL)
                config_faults_add(walk->faults, (unsigned)mark.line + 1, (unsigned)mark.column + 1, false, text);
        return fail(walk->err, OFFPEAK_ECONFIG, "%s:%zu:%zu: %s", walk->file, mark.line + 1, mark.column + 1, text);
}

/*
 * After a failure at what was written from `from` on: may the walk go on without it? Each time there is one fault more,
 * so that it ends.
 */
static bool goes_on(struct walk *walk, long from, int code)
{
        if (walk->faults == NULL || code != OFFPEAK_ECONFIG || walk->over || config_faults_full(walk->faults))
                return false;
        fseek(walk->out, from, SEEK_SET);
        return true;
}

/* ---- what the schema says */

static const cyaml_schema_field_t *field_named(const cyaml_schema_field_t *fields, const char *key, unsigned *ret_index)
{
        for (unsigned i = 0; fields[i].key != NULL; i++) {
                if (strcmp(fields[i].key, key) == 0) {
                        *ret_index = i;
                        return &fields[i];
                }
        }
        return NULL;
}

static bool has_names(const cyaml_schema_value_t *schema)
{
        unsigned index;

        return schema->type == CYAML_MAPPING && field_named(schema->mapping.fields, "name", &index) != NULL;
}

/* Things of which the file's name alone is enough: where {file: NAME} is wanted, NAME will do. */
static bool is_file(const cyaml_schema_value_t *schema)
{
        return schema->type == CYAML_MAPPING && strcmp(schema->mapping.fields[0].key, "file") == 0;
}

/* Pairs: named things that have a "value" and nothing else. */
static bool is_pair(const cyaml_schema_value_t *schema)
{
        unsigned index;

        return has_names(schema) && field_named(schema->mapping.fields, "value", &index) != NULL;
}

static const char *nearest_key(const cyaml_schema_field_t *fields, const char *key)
{
        const char *keys[MAX_FIELDS];
        unsigned n = 0;

        for (; n < MAX_FIELDS && fields[n].key != NULL; n++)
                keys[n] = fields[n].key;
        return text_nearest(key, keys, n);
}

/* ---- the document */

static bool is_null(const yaml_node_t *node)
{
        const char *text = (const char *)node->data.scalar.value;

        return node->type == YAML_SCALAR_NODE && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
               (text[0] == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0);
}

static void write_quoted(FILE *out, const char *text)
{
        for (; *text != '\0'; text++) {
                if (*text == '"' || *text == '\\')
                        fprintf(out, "\\%c", *text);
                else if ((unsigned char)*text < 0x20)
                        fprintf(out, "\\x%02x", (unsigned char)*text);
                else
                        fputc(*text, out);
        }
}

static int take_scalar(struct walk *walk, const yaml_node_t *node, const char *what)
{
        const char *text = (const char *)node->data.scalar.value;

        if (node->type != YAML_SCALAR_NODE)
                return refuse(walk, node->start_mark, "\"%s\" takes one value, not a %s", what,
                              node->type == YAML_MAPPING_NODE ? "mapping" : "list");
        if (strlen(text) != node->data.scalar.length)
                return refuse(walk, node->start_mark, "\"%s\" holds a zero byte", what);
        fprintf(walk->out, "\"%zu:%zu:", node->start_mark.line + 1, node->start_mark.column + 1);
        write_quoted(walk->out, text);
        fputc('"', walk->out);
        return 0;
}

static int take(struct walk *walk, int index, const cyaml_schema_value_t *schema, const char *what);

static int take_list(struct walk *walk, const yaml_node_t *node, const cyaml_schema_value_t *schema, const char *what)
{
        fputc('[', walk->out);
        for (const yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top;
             item++) {
                long from = ftell(walk->out);
                int code = take(walk, *item, schema->sequence.entry, what);

                if (code == 0)
                        fputc(',', walk->out);
                else if (!goes_on(walk, from, code))
                        return code;
        }
        fputc(']', walk->out);
        return 0;
}

static int refuse_key(struct walk *walk, const yaml_node_t *key, const cyaml_schema_field_t *fields)
{
        const char *text = (const char *)key->data.scalar.value, *nearest = nearest_key(fields, text);

        if (nearest != NULL)
                return refuse(walk, key->start_mark, "unknown key \"%.64s\" (did you mean \"%s\"?)", text, nearest);
        return refuse(walk, key->start_mark, "unknown key \"%.64s\": docs/configuration.md names those there are",
                      text);
}

/* Fields of a mapping, a bit each. */
struct taken {
        uint64_t seen; /* given and good */
        uint64_t lost; /* given and wrong */
};

/* One pair of a mapping. */
static int take_pair(struct walk *walk, const yaml_node_pair_t *pair, const cyaml_schema_field_t *fields,
                     struct taken *taken)
{
        const yaml_node_t *key = yaml_document_get_node(&walk->document, pair->key);
        const yaml_node_t *value = yaml_document_get_node(&walk->document, pair->value);
        const cyaml_schema_field_t *field;
        unsigned index;
        int code;

        if (key->type != YAML_SCALAR_NODE)
                return refuse(walk, key->start_mark, "a key must be a word");
        field = field_named(fields, (const char *)key->data.scalar.value, &index);
        if (field == NULL)
                return refuse_key(walk, key, fields);
        if ((taken->seen | taken->lost) & UINT64_C(1) << index)
                return refuse(walk, key->start_mark, "\"%s\" is given twice", field->key);
        if (is_null(value) && field->value.type != CYAML_STRING && !is_file(&field->value)) /* `planner:` and no more */
                return 0;
        fprintf(walk->out, "%s\"%s\": ", taken->seen != 0 ? ", " : "", field->key);
        code = take(walk, pair->value, &field->value, field->key);
        *(code == 0 ? &taken->seen : &taken->lost) |= UINT64_C(1) << index;
        return code;
}

/* The pairs of a mapping, and `name` before them if it is not NULL. */
static int take_mapping(struct walk *walk, const yaml_node_t *node, const cyaml_schema_value_t *schema,
                        const yaml_node_t *name)
{
        const cyaml_schema_field_t *fields = schema->mapping.fields;
        struct taken taken = { 0 };
        unsigned index = 0;

        fputc('{', walk->out);
        if (name != NULL) {
                int code;

                field_named(fields, "name", &index);
                taken.seen = UINT64_C(1) << index;
                fprintf(walk->out, "\"name\": ");
                code = take_scalar(walk, name, "name");
                if (code != 0)
                        return code;
        }
        if (!is_null(node)) {
                for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top;
                     pair++) {
                        long from = ftell(walk->out);
                        int code = take_pair(walk, pair, fields, &taken);

                        if (code != 0 && !goes_on(walk, from, code))
                                return code;
                }
        }
        for (index = 0; fields[index].key != NULL; index++) {
                if (fields[index].value.flags & CYAML_FLAG_OPTIONAL || taken.seen & UINT64_C(1) << index)
                        continue;
                if (taken.lost & UINT64_C(1) << index)
                        return OFFPEAK_ECONFIG; /* and that was said */
                return refuse(walk, node->start_mark, "\"%s\" is missing here", fields[index].key);
        }
        fputc('}', walk->out);
        return 0;
}

/* {"FIRST": first, "SECOND": second}; FIRST alone without a second. */
static int take_members(struct walk *walk, const char *first_key, const yaml_node_t *first, const char *second_key,
                        const yaml_node_t *second)
{
        int code;

        fprintf(walk->out, "{\"%s\": ", first_key);
        code = take_scalar(walk, first, first_key);
        if (code == 0 && second != NULL) {
                fprintf(walk->out, ", \"%s\": ", second_key);
                code = take_scalar(walk, second, second_key);
        }
        fputc('}', walk->out);
        return code;
}

/* A mapping from name to thing, where a list of named things is wanted. */
static int take_named(struct walk *walk, const yaml_node_t *node, const cyaml_schema_value_t *schema, const char *what)
{
        fputc('[', walk->out);
        for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top;
             pair++) {
                const yaml_node_t *name = yaml_document_get_node(&walk->document, pair->key);
                const yaml_node_t *thing = yaml_document_get_node(&walk->document, pair->value);
                long from = ftell(walk->out);
                int code;

                if (name->type != YAML_SCALAR_NODE)
                        code = refuse(walk, name->start_mark, "a name must be a word");
                else if (is_pair(schema->sequence.entry) && thing->type == YAML_SCALAR_NODE)
                        code = take_members(walk, "name", name, "value", is_null(thing) ? NULL : thing);
                else if (thing->type != YAML_MAPPING_NODE && !is_null(thing))
                        code = refuse(walk, thing->start_mark, "\"%.64s\" takes keys with values, one of \"%s\"",
                                      (const char *)name->data.scalar.value, what);
                else
                        code = take_mapping(walk, thing, schema->sequence.entry, name);
                if (code == 0)
                        fputc(',', walk->out);
                else if (!goes_on(walk, from, code))
                        return code;
        }
        fputc(']', walk->out);
        return 0;
}

static int take(struct walk *walk, int index, const cyaml_schema_value_t *schema, const char *what)
{
        const yaml_node_t *node = yaml_document_get_node(&walk->document, index);

        if (ftell(walk->out) > LARGEST_REWRITE) {
                walk->over = true;
                return refuse(walk, node->start_mark, "the file says too much: are there aliases of aliases?");
        }
        switch (schema->type) {
        case CYAML_STRING:
                return take_scalar(walk, node, what);
        case CYAML_MAPPING:
                if (node->type == YAML_SCALAR_NODE && is_file(schema))
                        return take_members(walk, "file", node, NULL, NULL);
                if (node->type != YAML_MAPPING_NODE)
                        return refuse(walk, node->start_mark, "\"%s\" takes keys with values, such as {%s: ...}", what,
                                      schema->mapping.fields[0].key);
                return take_mapping(walk, node, schema, NULL);
        case CYAML_SEQUENCE:
                if (node->type == YAML_SEQUENCE_NODE)
                        return take_list(walk, node, schema, what);
                if (node->type == YAML_MAPPING_NODE && has_names(schema->sequence.entry))
                        return take_named(walk, node, schema, what);
                return refuse(walk, node->start_mark, "\"%s\" takes a list, such as [...]", what);
        default:
                return fail(walk->err, OFFPEAK_EINTERNAL, "%s: a schema of type %d", what, (int)schema->type);
        }
}

/* ---- the whole */

/* The one document of a text. It is the caller's to delete on success. */
static int parse(struct walk *walk, yaml_parser_t *parser)
{
        yaml_document_t second;
        const yaml_node_t *more;
        int code = 0;

        if (!yaml_parser_load(parser, &walk->document))
                return parser->error == YAML_MEMORY_ERROR
                               ? fail(walk->err, OFFPEAK_ENOMEM, "%s: out of memory", walk->file)
                               : refuse(walk, parser->problem_mark, "this is not YAML: %s%s%s", parser->problem,
                                        parser->context != NULL ? ", " : "",
                                        parser->context != NULL ? parser->context : "");
        if (yaml_document_get_root_node(&walk->document) == NULL) {
                code = refuse(walk, (yaml_mark_t){ 0 }, "the file is empty");
        } else if (!yaml_parser_load(parser, &second)) {
                code = refuse(walk, parser->problem_mark, "this is not YAML: %s", parser->problem);
        } else {
                more = yaml_document_get_root_node(&second);
                if (more != NULL)
                        code = refuse(walk, more->start_mark, "a second document begins here: a file holds one");
                yaml_document_delete(&second);
        }
        if (code != 0)
                yaml_document_delete(&walk->document);
        return code;
}

/* The document as libcyaml is to see it, malloc'ed. */
static int rewrite(struct walk *walk, const cyaml_schema_value_t *schema, char **ret_text, size_t *ret_size)
{
        const yaml_node_t *root = yaml_document_get_root_node(&walk->document);
        char *text = NULL;
        size_t size = 0;
        long length;
        int code;

        walk->out = open_memstream(&text, &size);
        if (walk->out == NULL)
                return fail(walk->err, OFFPEAK_ENOMEM, "%s: out of memory", walk->file);
        if (root->type != YAML_MAPPING_NODE)
                code = refuse(walk, root->start_mark, "the file must hold keys with values");
        else
                code = take_mapping(walk, root, schema, NULL);
        length = ftell(walk->out); /* behind it may lie what was taken back */
        if (fclose(walk->out) != 0 && code == 0)
                code = fail(walk->err, OFFPEAK_ENOMEM, "%s: out of memory", walk->file);
        if (code != 0) {
                free(text);
                return code;
        }
        *ret_text = text;
        *ret_size = (size_t)length;
        return 0;
}

static const cyaml_config_t *quiet(void)
{
        static const cyaml_config_t config = { .log_level = CYAML_LOG_ERROR, .mem_fn = cyaml_mem };

        return &config;
}

int config_yaml_load(const char *file, const char *text, size_t size, const cyaml_schema_value_t *schema,
                     struct config_faults *faults, void **ret_data, struct offpeak_error *err)
{
        struct walk walk = { .file = file, .faults = faults, .err = err };
        yaml_parser_t parser;
        char *rewritten = NULL;
        cyaml_err_t failure;
        size_t length = 0;
        int code;

        if (!yaml_parser_initialize(&parser))
                return fail(err, OFFPEAK_ENOMEM, "%s: out of memory", file);
        yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
        code = parse(&walk, &parser);
        yaml_parser_delete(&parser);
        if (code != 0)
                return code;
        code = rewrite(&walk, schema, &rewritten, &length);
        yaml_document_delete(&walk.document);
        if (code != 0)
                return code;
        failure = cyaml_load_data((const uint8_t *)rewritten, length, quiet(), schema, ret_data, NULL);
        free(rewritten);
        if (failure != CYAML_OK)
                return fail(err, failure == CYAML_ERR_OOM ? OFFPEAK_ENOMEM : OFFPEAK_EINTERNAL, "%s: %s", file,
                            cyaml_strerror(failure));
        return 0;
}

/* The whole file, malloc'ed. */
static int read_text(const char *path, char **ret_text, size_t *ret_size, struct offpeak_error *err)
{
        FILE *file = fopen(path, "re");
        char *text;
        size_t size = 0;
        int code = 0;

        if (file == NULL)
                return fail(err, errno == ENOENT ? OFFPEAK_ENOTFOUND : OFFPEAK_EIO, "%s: cannot be opened: %s", path,
                            strerror(errno));
        text = malloc(LARGEST_FILE + 1);
        if (text == NULL)
                code = fail(err, OFFPEAK_ENOMEM, "%s: out of memory", path);
        else
                size = fread(text, 1, LARGEST_FILE + 1, file);
        if (code == 0 && ferror(file))
                code = fail(err, OFFPEAK_EIO, "%s: cannot be read: %s", path, strerror(errno));
        else if (size > LARGEST_FILE)
                code = fail(err, OFFPEAK_ECONFIG, "%s: is larger than 1 MiB: this is no configuration", path);
        fclose(file);
        if (code != 0) {
                free(text);
                return code;
        }
        *ret_text = text;
        *ret_size = size;
        return 0;
}

/* NULL with errno set. */
static char *folder_of(const char *path)
{
        char *copy = strdup(path), *folder = copy != NULL ? realpath(dirname(copy), NULL) : NULL;

        free(copy);
        return folder;
}

int config_yaml_read(const char *path, const cyaml_schema_value_t *schema, struct config_faults *faults,
                     void **ret_data, char **ret_folder, struct offpeak_error *err)
{
        char *text = NULL, *folder;
        size_t size = 0;
        int code = read_text(path, &text, &size, err);

        if (code != 0)
                return code;
        folder = folder_of(path);
        if (folder == NULL)
                code = fail(err, OFFPEAK_EIO, "%s: its folder cannot be found: %s", path, strerror(errno));
        else
                code = config_yaml_load(path, text, size, schema, faults, ret_data, err);
        free(text);
        if (code != 0) {
                free(folder);
                return code;
        }
        *ret_folder = folder;
        return 0;
}

void config_yaml_free(const cyaml_schema_value_t *schema, void *data)
{
        cyaml_free(quiet(), schema, data, 0);
}
