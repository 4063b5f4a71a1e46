#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A job script: `offpeak submit train.sh`. The #OFFPEAK lines are options as on the command line, which wins over them.
#
#OFFPEAK --job-name trainer
#OFFPEAK --gpus 4
#OFFPEAK --time 6h
#OFFPEAK --deadline "tomorrow 08:00"
#OFFPEAK --signal TERM@120
#OFFPEAK --output trainer-%j.out
set -euo pipefail

# Offpeak stops the whole process group, so that the trainer gets the signal itself; with exec nothing stands between.
# The trainer saves a checkpoint then, and goes on from it when the same script is started again, later and perhaps on
# another node: keep the checkpoint folder on storage that all nodes see.
echo "job $OFFPEAK_JOB_ID, attempt $OFFPEAK_ATTEMPT, devices ${CUDA_VISIBLE_DEVICES:-none}, on $(hostname)"
exec "${OFFPEAK_EXAMPLES:-/usr/local/lib/offpeak/examples}/offpeak-example-trainer" --steps 20000 --step-ms 100
