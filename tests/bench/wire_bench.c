/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire_bench.c - round trips over loopback on one loop, as JSON: messages a second with a window of 64, and the median
 * time of one alone. Client and scheduler share the loop's thread, so a real scheduler has about twice the room.
 *
 *   wire_bench [ROUNDS]     200,000 messages by default for the first number, a tenth of it for the second
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire/keys.h"
#include "wire/zuv.h"

enum { WINDOW = 64, FRAME = 200 }; /* about a renewal of two legs */

struct bench {
        uv_loop_t loop;
        struct zuv *server, *client;
        unsigned to_send, heard;
        uint64_t *times; /* of each round trip, ns; NULL: not asked for */
        uint64_t sent_at;
        uint8_t frame[FRAME];
};

static void die(const char *what)
{
        fprintf(stderr, "wire_bench: %s\n", what);
        exit(70);
}

static void send_next(struct bench *bench)
{
        bench->to_send--;
        bench->sent_at = uv_hrtime();
        if (zuv_send(bench->client, NULL, bench->frame, FRAME) != 0)
                die("a message was dropped");
}

static void echo(void *context, const struct zuv_peer *peer, const uint8_t *bytes, size_t size)
{
        struct bench *bench = context;

        if (zuv_send(bench->server, peer, bytes, size) != 0)
                die("an answer was dropped");
}

static void hear(void *context, const struct zuv_peer *peer, const uint8_t *bytes, size_t size)
{
        struct bench *bench = context;

        (void)peer, (void)bytes, (void)size;
        if (bench->times != NULL)
                bench->times[bench->heard] = uv_hrtime() - bench->sent_at;
        bench->heard++;
        if (bench->to_send > 0)
                send_next(bench);
}

static uint64_t run(struct bench *bench, unsigned n, unsigned window)
{
        uint64_t start = uv_hrtime();

        bench->to_send = n;
        bench->heard = 0;
        for (unsigned i = 0; i < window; i++)
                send_next(bench);
        while (bench->heard < n)
                uv_run(&bench->loop, UV_RUN_ONCE);
        return uv_hrtime() - start;
}

static int compare(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return (x > y) - (x < y);
}

static void measure(const char *endpoint, const struct wire_keys *server_keys, const struct wire_keys *client_keys,
                    unsigned n, bool last)
{
        struct bench *bench = calloc(1, sizeof(*bench));
        unsigned alone = n / 10 + 1;
        struct offpeak_error err;
        uint64_t ns;

        if (bench == NULL || (bench->times = calloc(alone, sizeof(uint64_t))) == NULL)
                die("out of memory");
        uint64_t *times = bench->times;

        bench->times = NULL;
        uv_loop_init(&bench->loop);
        if (zuv_listen(&bench->loop, endpoint, server_keys, echo, bench, &bench->server, &err) != 0 ||
            zuv_connect(&bench->loop, zuv_endpoint(bench->server), client_keys, hear, bench, &bench->client, &err) != 0)
                die(err.text);
        run(bench, 1, 1); /* the handshake does not count */
        ns = run(bench, n, WINDOW);
        bench->times = times;
        run(bench, alone, 1);
        qsort(times, alone, sizeof(*times), compare);
        printf("  {\"transport\": \"%.3s\", \"curve\": %s, \"messages_per_s\": %.0f, \"median_us\": %.1f, \"p99_us\": "
               "%.1f}%s\n",
               endpoint, server_keys != NULL ? "true" : "false", n / ((double)ns * 1e-9),
               (double)times[alone / 2] * 1e-3, (double)times[(size_t)(alone * 0.99)] * 1e-3, last ? "" : ",");
        zuv_close(bench->client, NULL, NULL);
        zuv_close(bench->server, NULL, NULL);
        uv_run(&bench->loop, UV_RUN_DEFAULT);
        uv_loop_close(&bench->loop);
        free(times);
        free(bench);
}

static void make_keys(const char *folder, struct wire_keys *server, struct wire_keys *client)
{
        struct offpeak_error err;
        char server_file[100], client_file[100], public_file[100];

        snprintf(server_file, sizeof(server_file), "%s/server.key", folder);
        snprintf(client_file, sizeof(client_file), "%s/client.key", folder);
        snprintf(public_file, sizeof(public_file), "%s/server.pub", folder);
        if (wire_keys_generate(folder, "server", WIRE_ROLE_SERVER, &err) != 0 ||
            wire_keys_generate(folder, "client", WIRE_ROLE_AGENT, &err) != 0 ||
            wire_keys_load_server(server_file, folder, server, &err) != 0 ||
            wire_keys_load_client(client_file, public_file, client, &err) != 0)
                die(err.text);
}

static void clean(const char *folder)
{
        static const char *const names[] = { "server.key", "server.pub", "client.key", "client.pub" };
        char path[100];

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
                unlink(path);
        }
        rmdir(folder);
}

int main(int argc, char **argv)
{
        unsigned n = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 200000;
        char folder[] = "/tmp/offpeak-bench-XXXXXX", ipc[100];
        struct wire_keys server, client;

        if (n < WINDOW || mkdtemp(folder) == NULL)
                die("usage: wire_bench [ROUNDS, 64 or more]");
        make_keys(folder, &server, &client);
        snprintf(ipc, sizeof(ipc), "ipc://%s/s", folder);
        printf("[\n");
        measure(ipc, NULL, NULL, n, false);
        measure(ipc, &server, &client, n, false);
        measure("tcp://127.0.0.1:0", NULL, NULL, n, false);
        measure("tcp://127.0.0.1:0", &server, &client, n, true);
        printf("]\n");
        wire_keys_finish(&server);
        wire_keys_finish(&client);
        clean(folder);
        return 0;
}
