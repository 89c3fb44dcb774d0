/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/str.h"
#include "base/vec.h"
#include "cli/judge.h"

#define COLUMNS_MAX 32
#define GROUPS_MAX 32

/* The columns of a manifest that mean something here; -1: not there. */
enum column {
	COLUMN_FILE,
	COLUMN_GROUP,
	COLUMN_LEAK,
	COLUMN_DECIDABLE,
	COLUMN_EXPECTED,
	COLUMN_RATE,
	COLUMN_ONSET,
	_COLUMN_MAX,
};

static const char *const column_names[_COLUMN_MAX] = {
	"file", "duration", "leak", "decidable", "expected", "true_rate_kb_h", "onset_s",
};

struct corpus {
	int dirfd;
	const char *path;
	struct judge_group *groups; /* [0] is all of them; owned */
	size_t n_groups;
	int column[_COLUMN_MAX];
	unsigned int n_skipped;
};

static void corpus_close(struct corpus *c)
{
	cleanup_close(&c->dirfd);
	free(c->groups);
}

static struct judge_group *group_of(struct corpus *c, const char *name)
{
	for (size_t i = 1; i < c->n_groups; i++)
		if (!strcmp(c->groups[i].name, name))
			return &c->groups[i];
	if (!*name || c->n_groups == GROUPS_MAX)
		return NULL;
	snprintf(c->groups[c->n_groups].name, sizeof(c->groups[0].name), "%s", name);
	return &c->groups[c->n_groups++];
}

static int judge_member(struct corpus *c, const char *file, const char *group,
			const struct judge_label *label)
{
	_cleanup_free_ struct judge *j = calloc(1, sizeof(*j));
	_cleanup_fclose_ FILE *in = NULL;
	struct judge_group *g = group_of(c, group);
	struct verdict v;
	int fd, r;

	if (!j)
		return log_error_errno(ENOMEM, "judge");
	fd = strchr(file, '/') ? -1 : openat(c->dirfd, file, O_RDONLY | O_CLOEXEC);
	in = fd >= 0 ? fdopen(fd, "r") : NULL;
	if (!in) {
		char safe[160];

		log_warning("%s: named in the labels but cannot be read, ignoring",
			    safe_text(safe, sizeof(safe), file, strlen(file)));
		c->n_skipped++;
		return 0;
	}
	j->follow = true;
	r = judge_read(in, file, j);
	if (r < 0)
		return r;
	judge__verdict(j, &v);
	judge_score__add(&c->groups[0].score, label, j, &v);
	if (g)
		judge_score__add(&g->score, label, j, &v);
	return 0;
}

static unsigned int split(char *line, char separator, char *fields[static COLUMNS_MAX])
{
	unsigned int n = 0;

	line[strcspn(line, "\r\n")] = '\0';
	while (line && n < COLUMNS_MAX) {
		char *end = strchr(line, separator);

		fields[n++] = line;
		if (end)
			*end++ = '\0';
		line = end;
	}
	return n;
}

static const char *field(const struct corpus *c, char *const *fields, unsigned int n,
			 enum column column)
{
	int i = c->column[column];

	return i >= 0 && (unsigned int)i < n ? fields[i] : "";
}

static bool is_true(const char *text)
{
	return !strcmp(text, "1") || !strcasecmp(text, "leak") || !strcasecmp(text, "yes") ||
	       !strcasecmp(text, "true");
}

static int judge_row(struct corpus *c, char *const *fields, unsigned int n)
{
	struct judge_label label = {.is_decidable = true};
	const char *rate = field(c, fields, n, COLUMN_RATE);

	label.is_leak = is_true(field(c, fields, n, COLUMN_LEAK));
	if (c->column[COLUMN_DECIDABLE] >= 0)
		label.is_decidable = is_true(field(c, fields, n, COLUMN_DECIDABLE));
	verdict_kind_from_name(field(c, fields, n, COLUMN_EXPECTED), &label.kind);
	if (label.is_leak)
		label.kind = VERDICT_LEAK;
	label.rate_kb_h = *rate ? strtod(rate, NULL) : 0;
	label.has_rate = label.rate_kb_h > 0;
	label.onset_s = strtod(field(c, fields, n, COLUMN_ONSET), NULL);
	return judge_member(c, field(c, fields, n, COLUMN_FILE), field(c, fields, n, COLUMN_GROUP),
			    &label);
}

static int header(struct corpus *c, char *const *fields, unsigned int n, const char *name)
{
	for (int k = 0; k < _COLUMN_MAX; k++) {
		c->column[k] = -1;
		for (unsigned int i = 0; i < n; i++)
			if (!strcasecmp(fields[i], column_names[k]) ||
			    (k == COLUMN_LEAK && !strcasecmp(fields[i], "label")))
				c->column[k] = (int)i;
	}
	if (c->column[COLUMN_FILE] >= 0 && c->column[COLUMN_LEAK] >= 0)
		return 0;
	log_error("%s: its first line must name the columns, file and leak among them", name);
	return -EINVAL;
}

static int judge_manifest(struct corpus *c, FILE *in, const char *name, char separator)
{
	_cleanup_free_ char *line = NULL;
	char *fields[COLUMNS_MAX];
	size_t cap = 0;
	bool first = true;

	while (getline(&line, &cap, in) > 0) {
		unsigned int n;
		int r;

		if (*line == '#' || *line == '\n')
			continue;
		n = split(line, separator, fields);
		r = first ? header(c, fields, n, name) : judge_row(c, fields, n);
		if (r < 0)
			return r;
		first = false;
	}
	return 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_csv(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 4 && !strcmp(d->d_name + n - 4, ".csv");
}

static int judge_names(struct corpus *c)
{
	struct dirent **names;
	int n = scandirat(c->dirfd, ".", &names, is_csv, by_name), r = 0;

	if (n < 0)
		return log_error_errno(errno, "reading the directory");
	for (int i = 0; i < n; i++) {
		struct judge_label label;

		if (judge_label_from_name(names[i]->d_name, &label) < 0)
			c->n_skipped++;
		else if (!r)
			r = judge_member(c, names[i]->d_name, "", &label);
		free(names[i]);
	}
	free(names);
	return r;
}

static int judge_members(struct corpus *c)
{
	static const struct {
		const char *name;
		char separator;
	} manifests[] = {{"manifest.tsv", '\t'}, {"labels.csv", ','}};

	for (size_t i = 0; i < sizeof(manifests) / sizeof(manifests[0]); i++) {
		_cleanup_fclose_ FILE *in = NULL;
		int fd = openat(c->dirfd, manifests[i].name, O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			continue;
		in = fdopen(fd, "r");
		if (!in)
			return log_error_errno(errno, "%s", manifests[i].name);
		return judge_manifest(c, in, manifests[i].name, manifests[i].separator);
	}
	return judge_names(c);
}

int judge_corpus(const char *path, bool json, FILE *out)
{
	_cleanup_(corpus_close) struct corpus c = {.dirfd = -1, .path = path, .n_groups = 1};
	char safe[160];
	int r;

	safe_text(safe, sizeof(safe), path, strlen(path));
	c.groups = calloc(GROUPS_MAX, sizeof(*c.groups));
	if (!c.groups)
		return log_error_errno(ENOMEM, "judge");
	snprintf(c.groups[0].name, sizeof(c.groups[0].name), "all");
	c.dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (c.dirfd < 0)
		return log_error_errno(errno, "cannot read %s", safe);
	r = judge_members(&c);
	if (r < 0)
		return r;
	if (!c.groups[0].score.n) {
		log_error("%s: no labelled series: needs manifest.tsv, labels.csv, or *.csv "
			  "named after what they are",
			  safe);
		return -EINVAL;
	}
	if (c.n_skipped)
		log_warning("%u files without a label or not readable, ignoring", c.n_skipped);
	return judge_print_score(c.groups, c.n_groups, json, out);
}
