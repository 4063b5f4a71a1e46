/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job.h - what a job is: what its owner asks for, and the states it goes through.
 */
#ifndef OFFPEAK_JOB_H
#define OFFPEAK_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bounds that every door of the system keeps (the codec refuses what is beyond). */
enum {
        OFFPEAK_MAX_NAME = 256,         /* bytes of a job's, node's, site's or class's name */
        OFFPEAK_MAX_PATH = 4096,        /* bytes of a path */
        OFFPEAK_MAX_ARGS = 4096,        /* words of a command, and variables of an environment */
        OFFPEAK_MAX_SPEC = 1024 * 1024, /* bytes of a whole spec on the wire */
        OFFPEAK_MAX_NODES = 1024,       /* nodes of one gang */
        OFFPEAK_MAX_DEVICES = 64,       /* devices of one node */
        OFFPEAK_MAX_AFTER = 1024,       /* jobs that one job comes after */
        OFFPEAK_MAX_WIDTHS = 15,        /* further widths of an elastic job */
        OFFPEAK_MAX_FEATURES = 64,      /* of a node, and those that a job asks for */
        OFFPEAK_SECRET_SIZE = 32,       /* bytes */
};

/* QUEUED covers planned, held and paused: `offpeak jobs` tells them apart by what the job waits for. */
enum offpeak_job_state {
        OFFPEAK_JOB_QUEUED = 1,
        OFFPEAK_JOB_ACTIVE = 2,
        OFFPEAK_JOB_DONE = 3,
        OFFPEAK_JOB_FAILED = 4,
        OFFPEAK_JOB_CANCELLED = 5,
};

/* Yes, no, or what the class says. */
enum offpeak_choice { OFFPEAK_CLASS_DECIDES = 0, OFFPEAK_YES = 1, OFFPEAK_NO = 2 };

/* How a job's processes begin. */
enum offpeak_launcher {
        OFFPEAK_LAUNCHER_NODE = 0, /* one on each node, which starts others itself, as torchrun does */
        OFFPEAK_LAUNCHER_GPU = 1,  /* one for each GPU, with RANK and LOCAL_RANK as torchrun would set them */
        OFFPEAK_LAUNCHER_HEAD =
                2, /* one on the first node, which has the others start what it asks for, as mpirun does */
};

/* A further width that an elastic job may run at. */
struct offpeak_width {
        uint32_t nodes, gpus_per_node; /* each >= 1 */
        int64_t speed_ppm; /* progress per second, in millionths of that at the width asked for; 0: by the built-in curve */
        int64_t power_w;   /* whole job, above the nodes' idle; 0: the spec's power_w by the GPU, or the node's own model */
};

/*
 * What the owner asks for. Never changes after submission. All strings are owned by the struct
 * (see offpeak_job_spec_finish); NULL means "not given".
 */
struct offpeak_job_spec {
        char *name;
        char *class_name;            /* NULL: "default" */
        char **argv;                 /* the command, argc words, then NULL */
        size_t argc;
        char **env;                  /* NAME=value, envc of them, then NULL */
        size_t envc;
        char *directory;             /* working directory on the node */
        char *stdout_path;           /* %j job, %a attempt, %n node, %r rank; NULL: offpeak-%j.out */
        char *stderr_path;           /* NULL: with stdout */
        char *checkpoint_dir;        /* NULL: made under the agent's state directory's parent */
        char *site;                  /* NULL: any the class allows */
        uint32_t nodes;              /* legs of the gang, >= 1 */
        uint32_t gpus_per_node;      /* devices of each leg, >= 1 */
        int64_t time_s;              /* how long it runs, uninterrupted and uncapped; > 0 */
        int64_t begin;               /* not before, UTC seconds; 0: at once */
        int64_t deadline;            /* finished by, UTC seconds; 0: none */
        int64_t power_w;             /* whole job, above the nodes' idle; 0: the node's own model */
        int32_t signal;              /* stop signal; 0: SIGTERM */
        int64_t signal_lead_s;       /* notice before SIGKILL; 0: the class's stop_grace */
        enum offpeak_choice interruptible;
        bool hold;
        bool strict_deadline;        /* refuse rather than miss it */
        uint64_t *after_ok;          /* n_after_ok earlier jobs: it starts when all of them have ended well, */
        size_t n_after_ok;
        uint64_t *after_any;         /* and these n_after_any in whatever way. Each job is named once */
        size_t n_after_any;
        struct offpeak_width *widths; /* n_widths besides nodes x gpus_per_node, each with another number of GPUs: the job may be */
        size_t n_widths;              /* stopped at one and begun again at another. None: it is rigid */
        char **features;              /* n_features words that each of its nodes has, by the agents' configurations */
        size_t n_features;
        uint32_t switches; /* nodes of a gang stand on at most so many switches; 0: on any number */
        bool exclusive;    /* no other job on its nodes while it runs */
        enum offpeak_launcher launcher;
        uint8_t secret[OFFPEAK_SECRET_SIZE]; /* HEAD: by which its nodes trust each other; offpeak_submit makes it */
};

void offpeak_job_spec_init(struct offpeak_job_spec *spec);
void offpeak_job_spec_finish(struct offpeak_job_spec *spec);
/* A deep copy. ret_spec must be uninitialised or finished. ENOMEM. */
int offpeak_job_spec_copy(const struct offpeak_job_spec *spec, struct offpeak_job_spec *ret_spec);

#ifdef __cplusplus
}
#endif

#endif
