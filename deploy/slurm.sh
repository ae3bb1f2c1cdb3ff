#!/bin/bash
# Colours a folder of photographs as an array of jobs, and reports when all have ended.
#
#   INPUT=/scans OUTPUT=/coloured sbatch deploy/slurm.sh
#
# Set the array to parts of five to fifteen minutes: a photograph of 12 megapixels takes about three seconds of a core.
# Which photographs belong to a part follows from their paths, so that a part may be run again at any time: what is there
# already is not done again.
#SBATCH --job-name=autochrome
#SBATCH --array=0-19%20
#SBATCH --cpus-per-task=2
#SBATCH --mem-per-cpu=2G
#SBATCH --time=01:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:TERM@60
#SBATCH --output=autochrome-%A-%a.log
set -u

# As many as the array above has; the same where some parts alone are run again: sbatch --array=3,7 …
parts=${PARTS:-20}
program=${AUTOCHROME:-autochrome}
if [ "${1:-}" = report ]; then
    exec "$program" colorize "$INPUT" --output "$OUTPUT" --threads "${SLURM_CPUS_PER_TASK:-1}" --report ${OPTIONS:-}
fi

# The first part has the report made once all parts have ended, whatever became of them.
if [ "$SLURM_ARRAY_TASK_ID" = "${SLURM_ARRAY_TASK_MIN:-0}" ] && [ "${SLURM_RESTART_COUNT:-0}" = 0 ]; then
    sbatch --array=0 --dependency="afterany:$SLURM_ARRAY_JOB_ID" --job-name=autochrome-report \
        --output="autochrome-$SLURM_ARRAY_JOB_ID-report.log" --export=ALL "$0" report
fi

# In the background, so that this shell hears the signal; a photograph that is cut off leaves nothing behind.
"$program" colorize "$INPUT" --output "$OUTPUT" --threads "${SLURM_CPUS_PER_TASK:-1}" \
    --shard "$SLURM_ARRAY_TASK_ID/$parts" ${OPTIONS:-} &
child=$!
trap 'kill "$child" 2>/dev/null' TERM
wait "$child"
exit $?
