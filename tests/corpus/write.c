/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the synthetic corpus as files: write DIR STYLE SEED PER_CLASS */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "gen.h"

static int write_series(const char *dir, const char *name, const struct gen_series *g)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	if (!f)
		return -1;
	fprintf(f, "t_seconds,value_kb\n");
	for (unsigned int i = 0; i < g->n; i++)
		fprintf(f, "%.2f,%.0f\n", g->t[i], g->v[i]);
	return fclose(f);
}

static int write_class(const char *dir, FILE *manifest, struct gen_key key, unsigned int per_class)
{
	const struct gen_duration *d = &gen_durations[key.duration];
	static struct gen_series g;

	for (key.k = 0; key.k < per_class; key.k++) {
		char name[128];

		gen_make(&key, &g);
		snprintf(name, sizeof(name), "%s_%s_%03u.csv", d->name, gen_class_names[key.class],
			 key.k);
		for (char *p = name; *p; p++)
			if (strchr("@:+", *p))
				*p = '_';
		if (write_series(dir, name, &g))
			return -1;
		fprintf(manifest, "%s\t%s\t%s\t%d\t%d\t%s\t%.1f\t%.0f\t%.0f\t%.1f\n", name, d->name,
			gen_class_names[key.class], g.leak, g.decidable, gen_expected[key.class],
			g.rate_kb_h, g.onset_s, g.leaked_kb, g.other_sd_kb);
	}
	return 0;
}

int main(int argc, char **argv)
{
	char path[4096];
	FILE *manifest;

	if (argc != 5) {
		fprintf(stderr, "usage: write DIR STYLE SEED PER_CLASS\n");
		return 2;
	}
	mkdir(argv[1], 0755);
	snprintf(path, sizeof(path), "%s/manifest.tsv", argv[1]);
	manifest = fopen(path, "w");
	if (!manifest) {
		perror(path);
		return 1;
	}
	fprintf(manifest,
		"file\tduration\tclass\tleak\tdecidable\texpected\ttrue_rate_kb_h\tonset_s"
		"\tleaked_kb\tother_sd_kb\n");
	for (unsigned int d = 0; d < GEN_DURATIONS; d++)
		for (int c = 0; c < _GEN_CLASS_MAX; c++) {
			struct gen_key key = {(enum gen_style)atoi(argv[2]),
					      strtoull(argv[3], NULL, 10), d, (enum gen_class)c, 0};

			if (write_class(argv[1], manifest, key, (unsigned int)atoi(argv[4]))) {
				perror(argv[1]);
				return 1;
			}
		}
	return fclose(manifest) ? 1 : 0;
}
