/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dump.c - the durable state as text. Doubles are printed with all their digits, so that equal text means equal bits.
 */
#include "core/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text {
        char *bytes;
        size_t used, room;
        bool failed;
};

static void put(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool make_room(struct text *text, size_t more)
{
        size_t room = text->room == 0 ? 4096 : text->room;
        char *larger;

        if (text->used + more < text->room)
                return true;
        while (room <= text->used + more)
                room *= 2;
        larger = realloc(text->bytes, room);
        if (larger == NULL) {
                text->failed = true;
                return false;
        }
        text->bytes = larger;
        text->room = room;
        return true;
}

static void put(struct text *text, const char *format, ...)
{
        va_list args;
        int length;

        va_start(args, format);
        length = vsnprintf(NULL, 0, format, args);
        va_end(args);
        if (text->failed || length < 0 || !make_room(text, (size_t)length + 1))
                return;
        va_start(args, format);
        vsnprintf(text->bytes + text->used, (size_t)length + 1, format, args);
        va_end(args);
        text->used += (size_t)length;
}

static const char *or_none(const char *text)
{
        return text != NULL ? text : "-";
}

static void put_contracts(struct text *text, const struct supply_terms *terms)
{
        put(text, " tax=%lld firm=%d/%lld curtailable=%lld export=%lld@%d/%lld utc=%lld solar=%d/%lld house=%lld",
            (long long)terms->grid_tax_ppm, terms->has_firm, (long long)terms->grid_firm_w,
            (long long)terms->grid_curtailable_w, (long long)terms->export_limit_w, terms->has_export_price,
            (long long)terms->export_price, (long long)terms->utc_offset_s, terms->has_solar,
            (long long)terms->solar_carbon, (long long)terms->reactor_house_w);
        for (uint32_t i = 0; i < terms->n_demands; i++) {
                const struct supply_demand *demand = &terms->demands[i];

                put(text, " demand=%lld/%lld@%u:%u-%u,%lld*%lld", (long long)demand->per_kw, (long long)demand->interval_s,
                    demand->hours.days, demand->hours.from_minute, demand->hours.to_minute,
                    (long long)demand->contract_w, (long long)demand->minimum_share_ppm);
        }
        for (uint32_t i = 0; i < terms->n_ppas; i++) {
                const struct supply_ppa *ppa = &terms->ppas[i];

                put(text, " ppa=%s/%d series=%d take=%d wire=%d strike=%lld share=%lld w=%lld [%lld,%lld) carbon=%lld", ppa->name,
                    ppa->kind, ppa->has_series, ppa->take_or_pay, ppa->behind_meter, (long long)ppa->strike, (long long)ppa->share_ppm,
                    (long long)ppa->power_w, (long long)ppa->start, (long long)ppa->end, (long long)ppa->carbon);
        }
        for (uint32_t i = 0; i < terms->n_reactors; i++) {
                const struct supply_reactor *unit = &terms->reactors[i];

                put(text, " unit=%s/%lld-%lld ramp=%lld restart=%lld", unit->name, (long long)unit->minimum_w,
                    (long long)unit->rating_w, (long long)unit->ramp_w_per_min, (long long)unit->restart_s);
        }
        for (uint32_t i = 0; i < terms->n_outages; i++)
                put(text, " outage=%u[%lld,%lld)%lld", terms->outages[i].unit, (long long)terms->outages[i].from,
                    (long long)terms->outages[i].to, (long long)terms->outages[i].power_w);
}

static void put_store(struct text *text, const struct supply_store *store)
{
        put(text, " store=%lld-%lld w=%lld/%lld ppm=%lld/%lld end=%d/%lld reactor=%d", (long long)store->reserve_wh,
            (long long)store->energy_wh, (long long)store->charge_w, (long long)store->discharge_w, (long long)store->charge_ppm,
            (long long)store->discharge_ppm, store->has_end_value, (long long)store->end_value, store->from_reactor);
}

static void put_terms(struct text *text, const struct supply_terms *terms)
{
        put(text, " adder=%lld limit=%lld reactor=%d fuel=%lld carbon=%lld pue=%lld+%lld", (long long)terms->grid_adder,
            (long long)terms->grid_limit_w, terms->has_reactor, (long long)terms->reactor_fuel,
            (long long)terms->reactor_carbon, (long long)terms->pue_fixed_w, (long long)terms->pue_ppm);
        put_contracts(text, terms);
        if (terms->has_store)
                put_store(text, &terms->store);
}

static void put_class(struct text *text, const struct policy_class *class)
{
        put(text,
            "class %s delay=%lld max_delay=%lld carbon=%lld interruptible=%d pauses=%u min_run=%lld start=%lld"
            " grace=%lld lateness=%lld on_lost=%d lease=%lld retries=%u limit=%lld quota=%u/%lld risk=%lld margin=%lld "
            "caps=%lld move=%d/%lld sites=",
            class->name, (long long)class->delay_cost, (long long)class->max_delay_s, (long long)class->carbon_price,
            class->interruptible, class->max_pauses, (long long)class->min_run_s, (long long)class->start_cost_s,
            (long long)class->stop_grace_s, (long long)class->lateness_cost, class->on_lost, (long long)class->lease_ms,
            class->retries, (long long)class->limit_ppm, class->quota_gpus, (long long)class->quota_gpu_hours,
            (long long)class->risk_ppm, (long long)class->deadline_margin_ppm, (long long)class->cap_floor_ppm, class->may_move,
            (long long)class->move_mb);
        for (size_t i = 0; i < class->n_sites; i++)
                put(text, "%s%s", i > 0 ? "," : "", class->sites[i]);
        put(text, "\n");
}

static void put_policy(struct text *text, const struct policy *policy)
{
        put(text, "policy interval=%lld horizon=%lld work=%llu arm=%lld backoff=%lld\n",
            (long long)policy->plan_interval_s, (long long)policy->plan_horizon_s,
            (unsigned long long)policy->plan_work, (long long)policy->arm_timeout_ms, (long long)policy->backoff_ms);
        for (size_t i = 0; i < policy->n_sites; i++) {
                put(text, "policy-site %s %s", policy->sites[i].name, policy->sites[i].currency);
                put_terms(text, &policy->sites[i].terms);
                for (int kind = 1; kind < SERIES_COUNT; kind++) {
                        const struct signal_rule *rule = &policy->sites[i].signals[kind];

                        if (rule->stale_after_s != 0 || rule->fallback != SIGNAL_BY_KIND)
                                put(text, " rule=%d:%lld/%d/%lld", kind, (long long)rule->stale_after_s, rule->fallback,
                                    (long long)rule->value);
                }
                put(text, " wan=%lld egress=%lld", (long long)policy->sites[i].wan_mbit_per_s,
                    (long long)policy->sites[i].egress_cost);
                put(text, "\n");
        }
        for (size_t i = 0; i < policy->n_classes; i++)
                put_class(text, &policy->classes[i]);
}

static void put_series(struct text *text, const char *layer, const struct series *series)
{
        put(text, "  %s %d site=%s source=%s issued=%lld version=%llu end=%lld\n", layer, series->kind,
            or_none(series->site), or_none(series->source), (long long)series->issued,
            (unsigned long long)series->version, (long long)series->end);
        for (size_t i = 0; i < series->n_points; i++)
                put(text, "    %lld %lld\n", (long long)series->points[i].start, (long long)series->points[i].value);
}

static void put_book(struct text *text, int account, const struct book *book)
{
        put(text, "  book %d j=%lld cost=%lld+%lld mg=%lld+%lld unpriced=%lld uncounted=%lld\n", account,
            (long long)book->joules, (long long)book->cost, (long long)book->cost_rest, (long long)book->carbon_mg,
            (long long)book->carbon_rest, (long long)book->unpriced_joules, (long long)book->uncounted_joules);
        put(text, "    market mg=%lld+%lld unknown=%lld units", (long long)book->market_mg, (long long)book->market_rest,
            (long long)book->unmarketed_joules);
        for (unsigned unit = 0; unit < SUPPLY_UNITS; unit++)
                put(text, " %lld", (long long)book->unit_joules[unit]);
        put(text, "\n");
}

static void put_site(struct text *text, const struct site *site)
{
        put(text, "site %u %s overhead_until=%lld pue_rest=%lld\n", site->id, site->name,
            (long long)site->overhead_until, (long long)site->pue_rest);
        for (int account = 1; account < ACCOUNT_COUNT; account++)
                put_book(text, account, &site->books[account]);
        put(text, "  stock charged_until=%lld counted_at=%lld lost=%lld rest=%lld/%lld\n", (long long)site->stock.charged_until,
            (long long)site->stock.counted_at, (long long)site->stock.lost, (long long)site->stock.charge_rest,
            (long long)site->stock.discharge_rest);
        for (int kind = 1; kind < SERIES_COUNT; kind++)
                if (site->series[kind].n_points > 0)
                        put_series(text, "series", &site->series[kind]);
        for (int kind = 1; kind < SERIES_COUNT; kind++) {
                if (site->feed[kind].version > 0)
                        put_series(text, "feed", &site->feed[kind]);
                if (site->pushed[kind].version > 0)
                        put_series(text, "pushed", &site->pushed[kind]);
        }
        for (uint32_t i = 0; i < site->n_push_sources; i++)
                put(text, "  pusher %d %s seq=%llu digest=%llx issued=%lld at=%lld\n", site->push_sources[i].kind,
                    site->push_sources[i].name, (unsigned long long)site->push_sources[i].seq,
                    (unsigned long long)site->push_sources[i].digest, (long long)site->push_sources[i].issued,
                    (long long)site->push_sources[i].at);
        for (size_t i = 0; i < site->meter.n; i++)
                put(text, "  drawn %lld %lld\n", (long long)site->meter.intervals[i].start,
                    (long long)site->meter.intervals[i].joules);
}

static void put_node(struct text *text, const struct node *node)
{
        const struct inventory *inventory = &node->inventory;

        put(text,
            "node %u %s site=%s boot=%s fenced=%d drained=%s faults=%u@%llu/%lld/%d idle_until=%lld model=%s "
            "address=%s cores=%u memory=%lld idle=%lld"
            " q=%d\n",
            node->id, node->name, node->site, node->boot, node->fenced, or_none(node->drain_reason), node->faults,
            (unsigned long long)node->fault_job, (long long)node->fault_at, node->fault_how,
            (long long)node->idle_until, or_none(inventory->model), or_none(inventory->address), inventory->cores,
            (long long)inventory->memory_mb, (long long)inventory->idle_w, inventory->power_quality);
        for (uint32_t i = 0; i < inventory->n_devices; i++)
                put(text, "  device %u kind=%d numa=%u max=%u least=%u %s\n", i, inventory->devices[i].kind,
                    inventory->devices[i].numa, inventory->devices[i].max_w, inventory->devices[i].least_w,
                    inventory->devices[i].address);
        for (uint32_t i = 0; i < inventory->n_links; i++)
                put(text, "  link %u %u near=%u\n", i, inventory->links[i].gb_per_s, inventory->links[i].near);
        if (inventory->block != NULL || inventory->rack != NULL || inventory->leaf_switch != NULL)
                put(text, "  at block=%s rack=%s switch=%s\n", or_none(inventory->block), or_none(inventory->rack),
                    or_none(inventory->leaf_switch));
        for (uint32_t i = 0; i < node->n_health; i++)
                put(text, "  health %u unwell=%d off=%d faults=%u since=%lld %s\n", node->health[i].device,
                    node->health[i].unwell, node->health[i].kept_off, node->health[i].faults,
                    (long long)node->health[i].since, or_none(node->health[i].reason));
        for (size_t i = 0; i < inventory->n_features; i++)
                put(text, "  feature %s\n", inventory->features[i]);
}

static void put_spec(struct text *text, const struct offpeak_job_spec *spec)
{
        put(text,
            "  spec class=%s dir=%s out=%s err=%s ckpt=%s site=%s nodes=%u gpus=%u time=%lld begin=%lld deadline=%lld"
            " power=%lld signal=%d@%lld interruptible=%d hold=%d strict=%d\n",
            or_none(spec->class_name), or_none(spec->directory), or_none(spec->stdout_path), or_none(spec->stderr_path),
            or_none(spec->checkpoint_dir), or_none(spec->site), spec->nodes, spec->gpus_per_node,
            (long long)spec->time_s, (long long)spec->begin, (long long)spec->deadline, (long long)spec->power_w,
            spec->signal, (long long)spec->signal_lead_s, spec->interruptible, spec->hold, spec->strict_deadline);
        for (size_t i = 0; i < spec->argc; i++)
                put(text, "  arg %zu:%s\n", strlen(spec->argv[i]), spec->argv[i]);
        for (size_t i = 0; i < spec->envc; i++)
                put(text, "  env %zu:%s\n", strlen(spec->env[i]), spec->env[i]);
        if (spec->exclusive || spec->switches != 0)
                put(text, "  exclusive=%d switches=%u\n", spec->exclusive, spec->switches);
        if (spec->launcher != OFFPEAK_LAUNCHER_NODE)
                put(text, "  launcher=%d\n", spec->launcher); /* its secret is for nobody to read */
        for (size_t i = 0; i < spec->n_features; i++)
                put(text, "  on %s\n", spec->features[i]);
        for (size_t i = 0; i < spec->n_widths; i++)
                put(text, "  width %ux%u speed=%lld power=%lld\n", spec->widths[i].nodes, spec->widths[i].gpus_per_node,
                    (long long)spec->widths[i].speed_ppm, (long long)spec->widths[i].power_w);
        for (size_t i = 0; i < spec->n_after_ok; i++)
                put(text, "  after ok %llu\n", (unsigned long long)spec->after_ok[i]);
        for (size_t i = 0; i < spec->n_after_any; i++)
                put(text, "  after any %llu\n", (unsigned long long)spec->after_any[i]);
}

static void put_leg(struct text *text, const struct leg *leg)
{
        put(text, "  leg node=%u devices=%llx", leg->node, (unsigned long long)leg->devices);
        if (leg->state == LEG_ENDED)
                put(text, " ended how=%d status=%d killed=%d before_stop=%d", leg->how, leg->status, leg->killed,
                    leg->before_stop);
        put(text, " started=%lld booked=%lld j=%lld\n", (long long)leg->started_at, (long long)leg->booked_until,
            (long long)leg->joules);
}

static void put_attempt(struct text *text, const struct attempt *attempt)
{
        put(text, "  attempt %u epoch=%llu state=%d stop=%d go=%d mode=%u at=%lld lease=%lld grace=%lld on_lost=%d"
                  " before=%.17g over=%lld\n",
            attempt->number, (unsigned long long)attempt->epoch, attempt->state, attempt->stop, attempt->go,
            attempt->mode, (long long)attempt->launched_at, (long long)attempt->lease_ms,
            (long long)attempt->grace_s, attempt->on_lost, attempt->fraction_before, (long long)attempt->over_at);
        put(text, "  mode since=%lld before=%u@%lld made=%.17g drawn=%.17g carried=%.17g mark=%.17g@%lld\n", (long long)attempt->mode_since,
            attempt->mode_before, (long long)attempt->before_since, attempt->made_s, attempt->drawn_s, attempt->carried_s, attempt->mark_fraction, (long long)attempt->mark_at);
        for (uint32_t l = 0; l < attempt->n_legs; l++)
                put_leg(text, &attempt->legs[l]);
}

static void put_pause(struct text *text, const struct pause *pause)
{
        if (pause->attempt != 0)
                put(text, "  pause %u cause=%d at=%lld drawn=%lld limit=%lld signal=%d use=%d other=%llu site=%u gpus=%u\n",
                    pause->attempt, pause->cause, (long long)pause->at, (long long)pause->drawn_w,
                    (long long)pause->limit_w, pause->signal, pause->use, (unsigned long long)pause->other, pause->site,
                    pause->gpus);
}

static void put_failure(struct text *text, const struct failure *failure)
{
        if (failure->attempt != 0)
                put(text, "  failure %u node=%u rank=%u how=%d status=%d killed=%d at=%lld why=%s tail=%s\n",
                    failure->attempt, failure->node, failure->rank, failure->how, failure->status, failure->killed,
                    (long long)failure->at, or_none(failure->why), or_none(failure->tail));
}

static void put_pins(struct text *text, const struct job *job)
{
        if (job->pinned_index == 0)
                return;
        put(text, "  pinned by %llu", (unsigned long long)job->pinned_index);
        for (uint32_t i = 0; i < job->n_pins; i++)
                put(text, " [%lld,%lld)@%u/%u", (long long)job->pins[i].start, (long long)job->pins[i].end,
                    job->pins[i].site, job->pins[i].mode);
        put(text, "\n");
}

static void put_planned(struct text *text, const struct job *job)
{
        put(text, "  planned reason=%d finish=%lld late=%lld cost=%.17g now=%.17g before=%lld", job->reason,
            (long long)job->planned_finish, (long long)job->planned_late_s, job->planned_cost,
            job->planned_run_now_cost, (long long)job->cost_when_planned);
        for (uint32_t i = 0; i < job->n_planned; i++)
                put(text, " [%lld,%lld)@%u/%u", (long long)job->planned[i].start, (long long)job->planned[i].end,
                    job->planned[i].site, job->planned[i].mode);
        put(text, "\n");
}

static void put_job(struct text *text, const struct job *job)
{
        put(text, "job %llu name=%s uid=%u user=%s at=%lld state=%d held=%d unmet=%d anyhow=%d cancel=%d"
                  " attempts=%u pauses=%u losses=%u first=%lld ended=%lld end=%d status=%d fraction=%.17g@%lld"
                  " reported=%d total=%lld ran=%lld worked=%lld gpu_s=%lld site=%u avoid=%u\n",
            (unsigned long long)job->id, or_none(job->spec.name), job->uid, or_none(job->user),
            (long long)job->submitted_at, job->state, job->held, job->unmet, job->anyhow, job->cancel,
            job->attempts, job->pauses, job->losses,
            (long long)job->first_started_at, (long long)job->ended_at, job->end, job->status, job->fraction,
            (long long)job->fraction_at, job->fraction_reported, (long long)job->total_s, (long long)job->ran_s,
            (long long)job->worked_s, (long long)job->gpu_s, job->site, job->avoid_node);
        put(text, "  booked j=%lld cost=%lld mg=%lld unpriced=%lld overhead j=%lld cost=%lld mg=%lld market=%lld+%lld\n",
            (long long)job->joules, (long long)job->cost, (long long)job->carbon_mg, (long long)job->unpriced_joules,
            (long long)job->overhead_joules, (long long)job->overhead_cost, (long long)job->overhead_carbon_mg,
            (long long)job->market_mg, (long long)job->overhead_market_mg);
        put_spec(text, &job->spec);
        if (job->attempts > 0)
                put_attempt(text, &job->attempt);
        put_pause(text, &job->last_pause);
        put_failure(text, &job->failure);
        put_planned(text, job);
        put_pins(text, job);
        for (uint32_t mode = 0; mode < job->n_known; mode++)
                put(text, "  known %u speed=%lld power=%lld\n", mode, (long long)job->known[mode].speed_ppm,
                    (long long)job->known[mode].power_w);
        for (uint32_t i = 0; i < job->n_late_exits; i++)
                put(text, "  late attempt=%u node=%u status=%d\n", job->late_exits[i].attempt,
                    job->late_exits[i].node, job->late_exits[i].status);
}

static void put_request(struct text *text, const struct request *request)
{
        put(text, "request ");
        for (size_t i = 0; i < sizeof(request->id); i++)
                put(text, "%02x", request->id[i]);
        put(text, " uid=%u digest=%llx job=%llu code=%d at=%lld %s\n", request->uid,
            (unsigned long long)request->digest, (unsigned long long)request->job, request->code,
            (long long)request->at, or_none(request->text));
}

static void put_plan(struct text *text, const struct adopted_plan *plan)
{
        put(text, "plan %llu at=%lld horizon=%lld cost=%.17g run_now=%.17g bound=%.17g work=%llu\n",
            (unsigned long long)plan->version, (long long)plan->made_at, (long long)plan->horizon, plan->terms.total,
            plan->run_now.total, plan->bound, (unsigned long long)plan->work);
}

static void put_profile(struct text *text, const struct job_profile *profile)
{
        put(text, "profile %u %s/%s gpus=%u time=%lld used=%lld fitted=%llu/%d\n", profile->uid, or_none(profile->class),
            or_none(profile->name), profile->gpus, (long long)profile->time_s, (long long)profile->used_at,
            (unsigned long long)profile->fitted_index, profile->knows_time);
        for (uint32_t i = 0; i < profile->n_points; i++) {
                const struct profile_point *point = &profile->points[i];

                put(text, "  point %u/%u ran=%lld work=%.17g metered=%lld j=%lld fitted=%lld/%lld\n", point->gpus,
                    point->level, (long long)point->ran_s, point->work_s, (long long)point->metered_ms,
                    (long long)point->joules, (long long)point->fitted_ran_s, (long long)point->fitted_ms);
        }
        for (uint32_t i = 0; i < profile->n_widths; i++) {
                const struct profile_width *width = &profile->widths[i];

                put(text, "  width %u seed=%lld/%lld speed=%lld power=%lld\n", width->gpus, (long long)width->seed_ppm,
                    (long long)width->seed_w, (long long)width->speed_ppm, (long long)width->power_w);
        }
        for (unsigned level = 0; level < CAPS_LEVELS; level++)
                put(text, "  cap %u speed=%lld power=%lld\n", level, (long long)profile->cap_speed_ppm[level],
                    (long long)profile->cap_power_ppm[level]);
}

char *state_dump(const struct state *state)
{
        struct text text = { 0 };

        put(&text, "state index=%llu term=%llu next_job=%llu fenced=%d\n", (unsigned long long)state->log_index,
            (unsigned long long)state->term, (unsigned long long)state->next_job, state->fenced_start);
        put_policy(&text, &state->policy);
        put_plan(&text, &state->plan);
        for (uint32_t i = 0; i < state->n_past_flows; i++)
                put(&text, "past flow %u [%lld,%lld) %.17g\n", state->past_flows[i].site, (long long)state->past_flows[i].start,
                    (long long)state->past_flows[i].end, state->past_flows[i].watts);
        for (uint32_t i = 0; i < state->n_month_uses; i++)
                put(&text, "month %s %lld held=%lld\n", state->month_uses[i].class,
                    (long long)state->month_uses[i].month, (long long)state->month_uses[i].gpu_s);
        for (uint32_t i = 0; i < state->n_flows; i++)
                put(&text, "flow %u [%lld,%lld) %.17g\n", state->flows[i].site, (long long)state->flows[i].start,
                    (long long)state->flows[i].end, state->flows[i].watts);
        for (uint32_t i = 0; i < state->n_sites; i++)
                put_site(&text, &state->sites[i]);
        for (uint32_t i = 0; i < state->n_nodes; i++)
                put_node(&text, &state->nodes[i]);
        for (size_t i = 0; i < state->n_jobs; i++)
                put_job(&text, &state->jobs[i]);
        for (uint32_t i = 0; i < state->n_profiles; i++)
                put_profile(&text, &state->profiles[i]);
        for (size_t i = 0; i < state->n_requests; i++)
                put_request(&text, &state->requests[i]);
        if (text.failed) {
                free(text.bytes);
                return NULL;
        }
        return text.bytes;
}
