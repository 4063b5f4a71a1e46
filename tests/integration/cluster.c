/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

static const char default_class[] = "  - {name: default, min_run: 0s, start_cost: 0s, stop_grace: 2s, lease: 6s}\n";

void sleep_ms(int ms)
{
        struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

        nanosleep(&time, NULL);
}

/* ---- files */

static FILE *make_file(const struct cluster *cluster, const char *name)
{
        char path[128];
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", cluster->folder, name);
        file = fopen(path, "w");
        assert_non_null(file);
        return file;
}

/* Flat prices from yesterday on, so that nothing waits for a better hour. */
static void write_prices(const struct cluster *cluster)
{
        FILE *file = make_file(cluster, "prices.csv");
        time_t hour = time(NULL) / 3600 * 3600 - 86400;

        fputs("time,price_eur_per_mwh\n", file);
        for (int i = 0; i < 96; i++, hour += 3600) {
                char text[32];
                struct tm utc;

                strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&hour, &utc));
                fprintf(file, "%s,50.00\n", text);
        }
        fclose(file);
}

static void write_configs(const struct cluster *cluster, const char *classes, int devices)
{
        FILE *file = make_file(cluster, "offpeakd.yaml");

        fprintf(file, "listen: [\"%s\"]\nstate_dir: %s/state\nsnapshot_records: 200\n", cluster->endpoint,
                cluster->folder);
        fprintf(file, "sites:\n  - {name: hall, currency: EUR, grid: {price: prices.csv, limit: 100 kW}}\nclasses:\n%s",
                classes != NULL ? classes : default_class);
        fclose(file);
        for (int i = 0; i < CLUSTER_AGENTS; i++) {
                char name[16];

                snprintf(name, sizeof(name), "n%d.yaml", i);
                file = make_file(cluster, name);
                fprintf(file, "server: \"%s\"\nnode: n%d-%s\nsite: hall\nstate_dir: %s/n%d\n", cluster->endpoint,
                        i, cluster->token, cluster->folder, i);
                fprintf(file,
                        "allow_root: true\ndevices: {kind: cpu-slot, count: %d}\npower: {idle: 100 W, per_device: 50 "
                        "W}\n",
                        devices);
                fclose(file);
        }
}

static void write_job(const struct cluster *cluster)
{
        FILE *file = make_file(cluster, "job.sh");
        char path[128];

        fprintf(file,
                "folder=%s steps=$1\n"
                "me=$OFFPEAK_JOB_ID.$RANK\n"
                "exec 9>>$folder/lock.$me\n"
                "flock -n 9 || echo $me.$OFFPEAK_ATTEMPT >>$folder/double\n"
                "echo $me.$OFFPEAK_ATTEMPT >>$folder/runs\n"
                "count=$(cat $folder/count.$me 2>/dev/null || echo 0)\n"
                "save() { echo $count >$folder/count.$me.new; mv $folder/count.$me.new $folder/count.$me; }\n"
                "trap 'save; exit 0' TERM\n"
                "while [ $count -lt $steps ]; do\n"
                "        sleep 0.05 9>&-\n"
                "        count=$((count + 1))\n"
                "        save\n"
                "        echo $count $steps >>$OFFPEAK_PROGRESS\n"
                "done\n",
                cluster->folder);
        fclose(file);
        snprintf(path, sizeof(path), "%s/job.sh", cluster->folder);
        chmod(path, 0755);
}

/* ---- processes */

static pid_t spawn(const struct cluster *cluster, const char *log, const char *program, const char *config)
{
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                char path[128];
                int fd;

                snprintf(path, sizeof(path), "%s/%s", cluster->folder, log);
                fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);
                dup2(fd, STDOUT_FILENO);
                dup2(fd, STDERR_FILENO);
                setsid();
                setenv("OFFPEAK_TEST_TOKEN", cluster->token, 1);
                snprintf(path, sizeof(path), "%s/%s", cluster->folder, config);
                execl(program, program, "--config", path, (char *)NULL);
                _exit(127);
        }
        return pid;
}

static void end(pid_t *pid, int number)
{
        if (*pid == 0)
                return;
        kill(*pid, number);
        waitpid(*pid, NULL, 0);
        *pid = 0;
}

static bool file_says(const char *path, const char *token)
{
        char bytes[65536];
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd >= 0 ? read(fd, bytes, sizeof(bytes) - 1) : -1;
        bool found;

        if (fd >= 0)
                close(fd);
        if (n <= 0)
                return false;
        for (ssize_t i = 0; i < n; i++)
                if (bytes[i] == '\0')
                        bytes[i] = ' ';
        bytes[n] = '\0';
        found = strstr(bytes, token) != NULL;
        return found;
}

/* Every process of the cluster for which `wanted` says yes; returns how many, and sends `number` to them (0: none). */
static int each_process(const struct cluster *cluster, const char *command_line, int number)
{
        DIR *folder = opendir("/proc");
        struct dirent *entry;
        int n = 0;

        assert_non_null(folder);
        while ((entry = readdir(folder)) != NULL) {
                char environment[300], command[300];
                pid_t pid = (pid_t)atoi(entry->d_name);

                if (!isdigit((unsigned char)entry->d_name[0]) || pid == getpid())
                        continue;
                snprintf(environment, sizeof(environment), "/proc/%s/environ", entry->d_name);
                snprintf(command, sizeof(command), "/proc/%s/cmdline", entry->d_name);
                if (!file_says(environment, cluster->token) && !file_says(command, cluster->folder))
                        continue;
                if (command_line != NULL && !file_says(command, command_line))
                        continue;
                n++;
                if (number != 0)
                        kill(pid, number);
        }
        closedir(folder);
        return n;
}

/* ---- life */

void cluster_init(struct cluster *cluster, const char *classes, int devices)
{
        static int made;

        memset(cluster, 0, sizeof(*cluster));
        snprintf(cluster->folder, sizeof(cluster->folder), "/tmp/offpeak-test.XXXXXX");
        assert_non_null(mkdtemp(cluster->folder));
        snprintf(cluster->endpoint, sizeof(cluster->endpoint), "ipc://%s/d.sock", cluster->folder);
        snprintf(cluster->token, sizeof(cluster->token), "offpeak-test-%d-%d-%ld", (int)getpid(), made++,
                 (long)time(NULL));
        write_prices(cluster);
        write_configs(cluster, classes, devices);
        write_job(cluster);
}

void cluster_spawn_daemon(struct cluster *cluster)
{
        cluster->daemon = spawn(cluster, "offpeakd.log", OFFPEAKD_PATH, "offpeakd.yaml");
}

static struct offpeak_client *open_client(const struct cluster *cluster)
{
        struct offpeak_options options = { .timeout_ms = 1000 };
        struct offpeak_client *client;
        struct offpeak_error err;

        if (offpeak_open(cluster->endpoint, &options, &client, &err) != 0)
                return NULL;
        return client;
}

static json_t *query(struct cluster *cluster, const char *what, const char *arguments)
{
        struct offpeak_answer answer;
        struct offpeak_error err;
        json_t *document;

        if (cluster->client == NULL)
                cluster->client = open_client(cluster);
        if (cluster->client == NULL || offpeak_query(cluster->client, what, arguments, &answer, &err) != 0)
                return NULL;
        document = json_loads(answer.document, 0, NULL);
        offpeak_answer_finish(&answer);
        return document;
}

void cluster_start_daemon(struct cluster *cluster)
{
        json_t *document = NULL;

        cluster_spawn_daemon(cluster);
        for (int i = 0; i < 200 && document == NULL; i++) {
                document = query(cluster, "version", NULL);
                if (document == NULL)
                        sleep_ms(50);
        }
        assert_non_null(document);
        json_decref(document);
}

void cluster_kill_daemon(struct cluster *cluster, int number)
{
        end(&cluster->daemon, number);
}

void cluster_start_agent(struct cluster *cluster, int node)
{
        char log[16], config[16];

        snprintf(log, sizeof(log), "n%d.log", node);
        snprintf(config, sizeof(config), "n%d.yaml", node);
        cluster->agents[node] = spawn(cluster, log, OFFPEAK_AGENT_PATH, config);
}

void cluster_kill_agent(struct cluster *cluster, int node, int number)
{
        end(&cluster->agents[node], number);
}

void cluster_wait_nodes_up(struct cluster *cluster, int n)
{
        for (int i = 0; i < 300; i++) {
                json_t *document = query(cluster, "nodes", NULL), *node;
                size_t index;
                int up = 0;

                json_array_foreach(json_object_get(document, "nodes"), index, node) {
                        const char *status = json_string_value(json_object_get(node, "status"));

                        up += status != NULL && strcmp(status, "up") == 0;
                }
                json_decref(document);
                if (up >= n)
                        return;
                sleep_ms(50);
        }
        fail_msg("%d nodes did not come up; see %s", n, cluster->folder);
}

void cluster_finish(struct cluster *cluster)
{
        char command[PATH_MAX];

        if (cluster->folder[0] == '\0')
                return;
        offpeak_close(cluster->client);
        end(&cluster->daemon, SIGKILL);
        for (int i = 0; i < CLUSTER_AGENTS; i++) {
                if (cluster->agents[i] != 0)
                        kill(cluster->agents[i], SIGCONT);
                end(&cluster->agents[i], SIGKILL);
        }
        for (int i = 0; i < 20 && each_process(cluster, NULL, SIGKILL) > 0; i++)
                sleep_ms(50);
        assert_int_equal(each_process(cluster, NULL, 0), 0);
        if (getenv("OFFPEAK_TEST_KEEP") != NULL)
                return;
        snprintf(command, sizeof(command), "rm -rf '%s'; " OFFPEAK_SOURCE_DIR "/tests/integration/clear_groups 'n*-%s'",
                 cluster->folder, cluster->token);
        assert_int_equal(system(command), 0);
}

/* ---- jobs */

uint64_t cluster_submit_with(struct offpeak_client *client, const struct cluster *cluster, const char *class_name,
                             int nodes, int steps)
{
        struct offpeak_job_spec spec;
        struct offpeak_answer answer;
        struct offpeak_error err;
        char text[128];
        uint64_t job = 0;

        offpeak_job_spec_init(&spec);
        spec.name = strdup("count");
        spec.class_name = strdup(class_name);
        spec.argv = calloc(4, sizeof(char *));
        spec.argv[0] = strdup("/bin/sh");
        snprintf(text, sizeof(text), "%s/job.sh", cluster->folder);
        spec.argv[1] = strdup(text);
        snprintf(text, sizeof(text), "%d", steps);
        spec.argv[2] = strdup(text);
        spec.argc = 3;
        spec.env = calloc(3, sizeof(char *));
        spec.env[0] = strdup("PATH=/usr/local/bin:/usr/bin:/bin");
        snprintf(text, sizeof(text), "OFFPEAK_TEST_TOKEN=%s", cluster->token);
        spec.env[1] = strdup(text);
        spec.envc = 2;
        spec.directory = strdup(cluster->folder);
        spec.nodes = (uint32_t)nodes;
        spec.time_s = steps / 10 + 60;
        if (offpeak_submit(client, &spec, &answer, &err) == 0) {
                job = answer.job;
                offpeak_answer_finish(&answer);
        }
        offpeak_job_spec_finish(&spec);
        return job;
}

uint64_t cluster_submit(struct cluster *cluster, const char *class_name, int nodes, int steps)
{
        if (cluster->client == NULL)
                cluster->client = open_client(cluster);
        assert_non_null(cluster->client);
        return cluster_submit_with(cluster->client, cluster, class_name, nodes, steps);
}

static json_t *find_job(json_t *document, uint64_t job)
{
        json_t *item;
        size_t index;

        json_array_foreach(json_object_get(document, "jobs"), index, item) {
                if ((uint64_t)json_integer_value(json_object_get(item, "id")) == job)
                        return item;
        }
        return NULL;
}

void cluster_job_status(struct cluster *cluster, uint64_t job, char *status, int size)
{
        json_t *document = query(cluster, "jobs", "{\"all\": true}");
        const char *text = json_string_value(json_object_get(find_job(document, job), "status"));

        snprintf(status, (size_t)size, "%s", text != NULL ? text : "absent");
        json_decref(document);
}

int cluster_job_attempts(struct cluster *cluster, uint64_t job)
{
        json_t *document = query(cluster, "jobs", "{\"all\": true}");
        int attempts = (int)json_integer_value(json_object_get(find_job(document, job), "attempts"));

        json_decref(document);
        return attempts;
}

int cluster_count_jobs(struct cluster *cluster)
{
        json_t *document = query(cluster, "jobs", "{\"all\": true}");
        int n = (int)json_array_size(json_object_get(document, "jobs"));

        json_decref(document);
        return n;
}

/* A daemon that is gone though nobody ended it is the news, not the query that gets no answer. */
static void assert_daemon_lives(struct cluster *cluster)
{
        int status;

        if (cluster->daemon == 0 || waitpid(cluster->daemon, &status, WNOHANG) != cluster->daemon)
                return;
        cluster->daemon = 0;
        fail_msg("offpeakd ended by itself, %s %d; see %s", WIFSIGNALED(status) ? "signal" : "status",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status), cluster->folder);
}

void cluster_wait_job(struct cluster *cluster, uint64_t job, const char *wanted, int seconds)
{
        time_t until = time(NULL) + seconds;
        char status[32] = "";

        while (time(NULL) <= until) {
                cluster_job_status(cluster, job, status, sizeof(status));
                if (strcmp(status, wanted) == 0)
                        return;
                assert_daemon_lives(cluster);
                sleep_ms(50);
        }
        fail_msg("job %d is %s, not %s, after %d s; see %s", (int)job, status, wanted, seconds, cluster->folder);
}

bool cluster_ran_twice(const struct cluster *cluster)
{
        char path[128];

        snprintf(path, sizeof(path), "%s/double", cluster->folder);
        return access(path, F_OK) == 0;
}

int cluster_starts(const struct cluster *cluster, uint64_t job, int rank)
{
        char path[128], line[64], wanted[32];
        FILE *file;
        int n = 0;

        snprintf(path, sizeof(path), "%s/runs", cluster->folder);
        snprintf(wanted, sizeof(wanted), "%d.%d.", (int)job, rank);
        file = fopen(path, "r");
        while (file != NULL && fgets(line, sizeof(line), file) != NULL)
                n += strncmp(line, wanted, strlen(wanted)) == 0;
        if (file != NULL)
                fclose(file);
        return n;
}

int cluster_copies_alive(const struct cluster *cluster, uint64_t job)
{
        char variable[64];
        DIR *folder = opendir("/proc");
        struct dirent *entry;
        int n = 0;

        snprintf(variable, sizeof(variable), "OFFPEAK_JOB_ID=%d ", (int)job);
        assert_non_null(folder);
        while ((entry = readdir(folder)) != NULL) {
                char environment[300], command[300];

                snprintf(environment, sizeof(environment), "/proc/%s/environ", entry->d_name);
                snprintf(command, sizeof(command), "/proc/%s/cmdline", entry->d_name);
                n += isdigit((unsigned char)entry->d_name[0]) && file_says(command, "job.sh") &&
                     file_says(environment, cluster->token) && file_says(environment, variable);
        }
        closedir(folder);
        return n;
}

void cluster_kill_shims(const struct cluster *cluster, uint64_t job)
{
        char name[64];

        (void)job;
        snprintf(name, sizeof(name), "offpeak-shim");
        assert_true(each_process(cluster, name, SIGKILL) > 0);
}
