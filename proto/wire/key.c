/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/key.h"

#include <stddef.h>
#include <string.h>

#include "base/fail.h"

static const struct {
        enum wire_role role;
        const char *name;
} roles[] = {
        { WIRE_ROLE_USER, "user" },
        { WIRE_ROLE_AGENT, "agent" },
        { WIRE_ROLE_OPERATOR, "operator" },
        { WIRE_ROLE_SERVER, "server" },
        { WIRE_ROLE_PUSH, "push" },
};

enum { N_ROLES = sizeof(roles) / sizeof(roles[0]) };

const char *wire_role_name(enum wire_role role)
{
        for (size_t i = 0; i < N_ROLES; i++)
                if (roles[i].role == role)
                        return roles[i].name;
        return "?";
}

int wire_role_parse(const char *name, enum wire_role *ret_role, struct offpeak_error *err)
{
        for (size_t i = 0; i < N_ROLES; i++)
                if (strcmp(roles[i].name, name) == 0) {
                        *ret_role = roles[i].role;
                        return 0;
                }
        return fail(err, OFFPEAK_ECONFIG, "unknown role \"%.40s\": user, agent, operator, push and server are known", name);
}
