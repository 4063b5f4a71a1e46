/* SPDX-License-Identifier: Apache-2.0 */
#include "core/room.h"

#include <stdlib.h>
#include <string.h>

void *room_for_one(void **array, size_t n, size_t item_size)
{
        char *item;

        if ((n & (n - 1)) == 0) { /* full: 0, 1, 2, 4, 8, ... items */
                void *larger = realloc(*array, (n == 0 ? 1 : 2 * n) * item_size);

                if (larger == NULL)
                        return NULL;
                *array = larger;
        }
        item = (char *)*array + n * item_size;
        memset(item, 0, item_size);
        return item;
}
