/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include <string.h>

const struct command commands[] = {
        { "submit", "-- COMMAND [ARGUMENT...] | SCRIPT [ARGUMENT...]", "Submit a job",
          "A script gives options on #OFFPEAK lines above its first command; the command line wins over them. It\n"
          "is read here, and run from its place on the nodes. Without --export the job gets this shell's\n"
          "environment.\n\n"
          "  offpeak submit --gpus 8 -t 6h --deadline 08:00 -J llama-ft -- torchrun train.py\n"
          "  offpeak submit -N 4 --gpus-per-node 8 -t 2d --class nightly train.sh\n",
          submit_rows, true, command_submit },
        { "jobs", "", "List jobs: what runs, what is planned, at what cost", NULL, jobs_rows, false, command_jobs },
        { "show", "JOB", "Tell all about one job", NULL, show_rows, false, command_show },
        { "explain", "JOB", "Say why a job runs when it does", NULL, explain_rows, false, command_explain },
        { "profile", "[JOB]", "Tell what jobs of a name were measured to do at each width and cap",
          "Plans, and the next submission of the name, go by it. Without a job: of all names.\n", profile_rows, false,
          command_profile },
        { "plan", "", "Draw the plan: price, limits and everybody's hours", NULL, plan_rows, false, command_plan },
        { "report", "", "Account for energy, cost and carbon, against running at once", NULL, report_rows, false,
          command_report },
        { "price", "", "Tell what the price series say, where from, and how old", NULL, price_rows, false,
          command_price },
        { "signals", "", "Tell how each signal's source is doing, and what is in use", NULL, signals_rows, false,
          command_signals },
        { "estimate", "",
          "Estimate energy, cost and carbon of a run before it starts, and its cheapest start this week",
          "No scheduler is asked, unless --site names one of its sites. Hours of which a file says nothing are an "
          "error, never\n"
          "free. What idles beside the run is in none of it.\n\n"
          "  offpeak estimate --gpus 512 --hours 240 --gpu-power 400 --pue 1.1 --price \"65 EUR/MWh\" --carbon \"385 "
          "g/kWh\"\n"
          "  offpeak estimate --gpus 8 --hours 36 --gpu-power 0.7kW --price export.csv --column FR --by 2026-12-01\n"
          "  offpeak estimate --profiles profiles.csv --class bert --work 3e9 --site hanford\n",
          estimate_rows, false, command_estimate },
        { "simulate", "", "Compare policies on a list of jobs, in virtual time",
          "No scheduler is asked: it is the scheduler's own core, planner and books, with nodes that are models. "
          "Without --config\n"
          "the cluster is one site of equal nodes, whose power has no limit but --capacity.\n\n"
          "  offpeak simulate --jobs jobs.csv --price prices.csv --carbon carbon.csv --gpus 64\n"
          "  offpeak simulate --jobs jobs.csv --carbon carbon.csv --gpus 512 -p offpeak -p wait-awhile -p carbon-time "
          "-p oracle\n"
          "  offpeak simulate --jobs jobs.csv --config offpeak.yaml --nodes hall=8x8@700W --forecast model --json\n",
          simulate_rows, false, command_simulate },
        { "assess", "", "Tell what a supply change is worth before it is bought",
          "The same jobs are replayed under the configuration as it is and with each change, as `offpeak simulate` "
          "does: "
          "no\n"
          "scheduler is asked. A change is a whole file, or one word on the configuration. What a change itself costs "
          "is "
          "not\n"
          "known here: --yearly-cost behind it says so.\n\n"
          "  offpeak assess --jobs jobs.csv --config offpeak.yaml --nodes hall=8x8 --with changed.yaml\n"
          "  offpeak assess --jobs jobs.csv --config offpeak.yaml --nodes hall=8x8 --add \"ppa=50EUR/MWh:3MW@hall\" "
          "--yearly-cost 20000\n"
          "  offpeak assess --jobs jobs.csv --config offpeak.yaml --nodes hall=8x8 --add \"reactor=voygr:1:9EUR/MWh\" "
          "--add \"limit=+30%\" --json\n",
          assess_rows, false, command_assess },
        { "nodes", "", "List nodes, what they have, and who has it", NULL, nodes_rows, false, command_nodes },
        { "logs", "JOB", "Print a job's output", NULL, logs_rows, false, command_logs },
        { "cancel", "JOB...", "End jobs; running ones are asked to stop first", NULL, cancel_rows, false,
          command_cancel },
        { "hold", "JOB...", "Keep jobs from running until they are released", NULL, hold_rows, false, command_hold },
        { "release", "JOB...", "Let held jobs run", NULL, release_rows, false, command_release },
        { "drain", "NODE", "Give a node no more jobs; what runs there goes on",
          "It may be looked after once `offpeak nodes` shows no job on it. A node on which several jobs in a row "
          "failed is\n"
          "drained by the scheduler itself (docs/configuration.md: drain_after).\n",
          drain_rows, false, command_drain },
        { "resume", "NODE", "Give a drained node jobs again", NULL, resume_rows, false, command_resume },
        { "pin", "JOB", "Keep a job's planned hours, or start it at a given time, whatever that costs",
          "Every later plan gives the job these hours, and as long behind them as it takes; others make way. A pin "
          "that\n"
          "cannot be kept is refused. Hours that are lost later, with a node or power, are planned as any other's "
          "until\n"
          "they are there again. It ends with its hours, or with `offpeak unpin`.\n\n"
          "  offpeak pin 42\n"
          "  offpeak pin 42 --start \"tomorrow 08:00\"\n",
          pin_rows, false, command_pin },
        { "unpin", "JOB...", "Let plans move jobs again", NULL, unpin_rows, false, command_unpin },
        { "fence", "NODE", "Give your word that no job is alive on a node",
          "The scheduler then starts the node's jobs elsewhere. If they still ran there, two copies would run at\n"
          "once: power the node off first. The node is taken in again when its agent calls without old jobs.\n",
          fence_rows, false, command_fence },
        { "push", "SIGNAL VALUE|FILE|-", "Tell the scheduler what a signal of a site is, until it expires",
          "SIGNAL is price, carbon, capacity, limit, export, solar, ppa or stored. A VALUE has its unit and holds from "
          "now on; a\n"
          "FILE (- reads one from the standard input) is our CSV or what --mapping says. What is pushed holds over "
          "what\n"
          "the site's feeds say until it expires. Root, the scheduler's own user, and keys of role push or operator "
          "may.\n\n"
          "  offpeak push capacity 310 MW --site hanford --for 2h --source scada --seq 1041\n"
          "  offpeak push price prices.csv --site hanford --column DE_LU\n"
          "  offpeak push capacity --site hanford --clear\n",
          push_rows, false, command_push },
        { "policy", "check FILE | show [FILE] | diff OLD NEW | try NEW",
          "Look at the scheduler's configuration before it counts",
          "check tells all that is wrong with FILE, as offpeakd would read it, and what is not there of the files it\n"
          "names. show prints every value in force, defaults included, of FILE or of the scheduler, as a file that\n"
          "says the same. diff tells what NEW changes in meaning, and whether that takes a reload or a restart: it\n"
          "ends with 0 if nothing does, 1 if something does, and more if it could not tell. try replays the last days\n"
          "of this very cluster under NEW, beside what happened, the policy in force replayed, and running at once.\n\n"
          "  offpeak policy check policy.yaml && offpeak reload\n"
          "  offpeak policy show policy.yaml\n"
          "  offpeak policy diff /etc/offpeak/offpeak.yaml policy.yaml\n"
          "  offpeak policy try policy.yaml --replay 14d\n",
          policy_rows, false, command_policy },
        { "reload", "", "Let the scheduler read its configuration again", NULL, reload_rows, false, command_reload },
        { "keygen", "NAME", "Make a key pair for use over tcp", NULL, keygen_rows, false, command_keygen },
        { "version", "", "Print the versions of this program and the scheduler", NULL, version_rows, false,
          command_version },
        { NULL, NULL, NULL, NULL, NULL, false, NULL },
};

const struct command *command_find(const char *name)
{
        for (const struct command *command = commands; command->name != NULL; command++)
                if (strcmp(command->name, name) == 0)
                        return command;
        return NULL;
}
