/* SPDX-License-Identifier: Apache-2.0 */
#include "io/transports.h"

static const struct transport *const transports[] = {
        &transport_file,
        &transport_url,
};

const struct transport *transport_of(const struct config_feed *config)
{
        for (size_t i = 0; i < sizeof(transports) / sizeof(transports[0]); i++)
                if (transports[i]->carries(config))
                        return transports[i];
        return NULL;
}
