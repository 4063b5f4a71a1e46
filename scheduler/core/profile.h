/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile.h - what jobs of one owner, class and name were seen to do: speed and power at each width and cap.
 *
 *   progress told, joules metered --apply--> points --profile_fit--> record LEARNED --apply--> curves --> job.known
 *
 * A point is counted from what is on record: progress between two reports of one attempt in one mode (a start and a stop
 * are outside of both), joules that sensors measured in it, and of a job that tells no progress its whole run, if it
 * was one. Modelled and estimated joules teach nothing.
 *
 * A fit takes what is supposed (declared, or the built-in curves) as if it had been seen for ten minutes, so that what
 * was measured soon outweighs it. Speed is S(GPUs) x G(cap), power B(GPUs) x H(cap): each of the four is the monotone
 * concave curve nearest to its points (concave.h), S and B from (0, 0) on.
 *
 * Jobs whose owner asked for another number of GPUs or another time have a profile of their own; as long as it has seen
 * nothing, the curves of the last other one of the name stand in, and its time is as asked for.
 */
#ifndef OFFPEAK_CORE_PROFILE_H
#define OFFPEAK_CORE_PROFILE_H

#include "core/state.h"

/* The profile with the same owner, class, name, GPUs and time; NULL: none. */
struct job_profile *profile_find(const struct state *state, const struct job_profile *key);

/* The job's own profile, or NULL: it has no name, or it was dropped (the oldest of thousands go, of which no job is open). */
struct job_profile *profile_of(const struct state *state, const struct job *job);

/* An open job finds its own by job.profile: for apply(), after an image; whether that is as it would be made anew. */
void profile_bind(const struct state *state, struct job *job);
bool profile_is_bound(const struct state *state, const struct job *job);

/* The profile whose curves a job goes by: its own or that of another time or width. NULL: none has been fitted. */
const struct job_profile *profile_guide(const struct state *state, const struct job *job);

/* Is it of the job's owner, class and name? */
bool profile_is_named(const struct job_profile *profile, const struct job *job);

/* Its point, or NULL. */
const struct profile_point *profile_point(const struct job_profile *profile, uint32_t gpus, uint32_t level);

/* ---- for apply() (apply_profile.c; profile_teach.c): 0 or ENOMEM */

int profile_open(struct state *state, struct job *job);  /* a submission: find or make its profile, and go by it */
int profile_teach(const struct state *state, struct job *job); /* what the job goes by has changed */
int profile_note_progress(struct state *state, struct job *job, double fraction, int64_t at);
int profile_note_energy(struct state *state, const struct job *job, const struct booking *booking);
int profile_note_done(struct state *state, const struct job *job); /* it has ended well */
int profile_take_fit(struct state *state, const struct job_profile *fitted, uint64_t index); /* by who goes by it, too */
int profile_teach_all(struct state *state, const struct job_profile *profile); /* the open jobs of its name */
void profile_look_if_due(struct state *state);

/* ---- fitting */

/* Have its points grown so much that it is to be fitted anew? */
bool profile_is_due(const struct job_profile *profile);

/* The curves of a profile's points, in a copy of it without them. ENOMEM. The caller finishes it. */
int profile_fit(const struct job_profile *profile, struct job_profile *ret_fitted);

/* Is what it says so different from what the profile says now that plans should know? Both are of the same widths. */
bool profile_is_news(const struct job_profile *profile, const struct job_profile *fitted);

#endif
