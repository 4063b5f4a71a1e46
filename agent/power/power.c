/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/power/power.h"

#include <stddef.h>

#include "base/fail.h"

static const struct power_driver *const drivers[] = { &power_rapl, &power_model };

int power_open_driver(const struct power_driver *driver, const struct power_config *config, struct power *ret_power,
                      struct offpeak_error *err)
{
        struct power power = { .driver = driver };
        int rc = driver->open(config, &power.source, err);

        if (rc == 0)
                *ret_power = power;
        return rc;
}

int power_open(const struct power_config *config, struct power *ret_power, struct offpeak_error *err)
{
        struct offpeak_error why[sizeof(drivers) / sizeof(drivers[0])];

        for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
                int rc = power_open_driver(drivers[i], config, ret_power, &why[i]);

                if (rc == 0 || rc == OFFPEAK_ENOMEM)
                        return rc;
        }
        return fail(err, OFFPEAK_ENOTFOUND, "what this node draws is not known: %s; %s", why[0].text, why[1].text);
}

int power_read(const struct power *power, const struct power_moment *moment, int64_t *ret_uj, struct offpeak_error *err)
{
        return power->driver->read(power->source, moment, ret_uj, err);
}

void power_close(struct power *power)
{
        if (power->driver != NULL)
                power->driver->close(power->source);
        power->driver = NULL;
}
