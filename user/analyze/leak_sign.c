/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "analyze/leak_sign.h"

#include <stdio.h>
#include <string.h>

#include "base/vec.h"

static int add_sign(void *arg, const struct follow_alarm *alarm)
{
	const struct follow_series_def *def = &follow_series_defs[alarm->series];
	const struct follow_subject *s = alarm->subject;
	struct leak_signs *signs = arg;
	struct leak_sign sign;

	if (!def->counts)
		return 0;
	memset(&sign, 0, sizeof(sign));
	sign.id = s->id;
	sign.words = def->words;
	sign.is_count = def->is_count;
	sign.is_withdrawn = alarm->is_withdrawn;
	sign.rate_unknown = alarm->rate_unknown;
	sign.per_hour = alarm->bytes_per_hour;
	sign.sure_permille = (uint32_t)(alarm->probability * 1000 + 0.5);
	if (s->name)
		snprintf(sign.subject, sizeof(sign.subject), "%s", s->name);
	else
		snprintf(sign.subject, sizeof(sign.subject), "%.*s", COMM_SIZE, s->comm);
	return vec_push(signs, sign);
}

int leak_signs__read(const struct follow *f, struct leak_signs *ret)
{
	ret->n = 0;
	return follow__each_alarm(f, add_sign, ret);
}
