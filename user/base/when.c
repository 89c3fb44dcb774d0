/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/when.h"

#include <stddef.h>
#include <stdio.h>
#include <time.h>

#define NS_PER_S 1000000000ULL
#define NS_PER_MS 1000000ULL

char *utc_time(char dst[static UTC_TIME_SIZE], uint64_t time_ns)
{
	/* 64 bits of ns end in the year 2554: four digits are enough. */
	time_t s = (time_t)(time_ns / NS_PER_S);
	unsigned int ms = (unsigned int)(time_ns % NS_PER_S / NS_PER_MS);
	char date[UTC_TIME_SIZE];
	struct tm tm;

	gmtime_r(&s, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(dst, UTC_TIME_SIZE, "%.19s.%03uZ", date, ms);
	return dst;
}

char *human_duration(char dst[static HUMAN_DURATION_SIZE], uint64_t ns)
{
	static const struct {
		uint64_t from_s, big_s, small_s;
		const char *big, *small;
	} units[] = {
		{2 * 86400, 86400, 3600, "d", "h"},
		{2 * 3600, 3600, 60, "h", "min"},
		{120, 60, 1, "min", "s"},
	};
	uint64_t s = ns / NS_PER_S + (ns % NS_PER_S >= NS_PER_S / 2);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		unsigned long long big = s / units[i].big_s;
		unsigned long long small = s % units[i].big_s / units[i].small_s;

		if (s < units[i].from_s)
			continue;
		if (small)
			snprintf(dst, HUMAN_DURATION_SIZE, "%llu %s %llu %s", big, units[i].big,
				 small, units[i].small);
		else
			snprintf(dst, HUMAN_DURATION_SIZE, "%llu %s", big, units[i].big);
		return dst;
	}
	if (ns < NS_PER_S)
		snprintf(dst, HUMAN_DURATION_SIZE, "%.*f ms", ns && ns < 10 * NS_PER_MS ? 1 : 0,
			 (double)ns / (double)NS_PER_MS);
	else
		snprintf(dst, HUMAN_DURATION_SIZE, "%.*f s", ns < 10 * NS_PER_S ? 1 : 0,
			 (double)ns / (double)NS_PER_S);
	return dst;
}
