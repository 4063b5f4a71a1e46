/* SPDX-License-Identifier: Apache-2.0 */
/* room.h - growing arrays that know their length only: capacity is the next power of two. */
#ifndef OFFPEAK_CORE_ROOM_H
#define OFFPEAK_CORE_ROOM_H

#include <stddef.h>

/*
 * Make room for one more item behind the n that *array holds; the array must only ever have grown through
 * this function. The new item is zeroed. Returns its address, NULL on ENOMEM (the array is then as it was).
 */
void *room_for_one(void **array, size_t n, size_t item_size);

#endif
