#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# build.sh [DIR [TOOL...]]: builds the corpus tools into a directory (default build/corpus):
#   write   the synthetic corpus as CSV files with a manifest
#   score   the verdict and the baselines on series that are only in memory
#   cost    CPU time of a tick over 10,000 series
#   fit     the score table; "fit 1 400 1200 > user/analyze/verdict/score_table.h" repeats ours
set -eu
cd "$(dirname "$0")/../.."
out=${1:-build/corpus}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- fit score cost write
mkdir -p "$out"
v=user/analyze/verdict
gen="tests/corpus/gen.c tests/corpus/gen_shapes.c tests/corpus/sim.c"
evidence="$v/num.c $v/series.c $v/window.c $v/trend.c $v/fit.c $v/wave.c $v/rate.c $v/evidence.c $v/shape.c"
follow="user/analyze/follow.c user/analyze/follow_ended.c user/analyze/follow_query.c
	user/analyze/follow_values.c
	user/analyze/ledger.c"
flags="-std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Iuser -Itests/corpus"
cc=${CC:-cc}
for tool; do
	# shellcheck disable=SC2086 # lists of words
	case $tool in
	fit) $cc $flags -o "$out/fit" tests/corpus/fit.c $gen $evidence ;;
	score) $cc $flags -o "$out/score" tests/corpus/score.c tests/corpus/tally.c \
		tests/corpus/baseline.c $gen $v/*.c user/base/vec.c -lm ;;
	cost) $cc $flags -o "$out/cost" tests/corpus/cost.c $gen $v/*.c $follow \
		user/model/*.c user/base/*.c ;;
	write) $cc $flags -o "$out/write" tests/corpus/write.c $gen $v/num.c ;;
	*) echo "$0: no tool '$tool'" >&2; exit 2 ;;
	esac
done
