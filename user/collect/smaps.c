/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/smaps.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "collect/pid.h"

#define TEXT_MAX 8192

struct field {
	const char *name; /* colon included */
	size_t offset;
};

#define FIELD(name, member)                                                                        \
	{                                                                                          \
		name, offsetof(struct smaps_sample, member)                                        \
	}

static const struct field fields[] = {
	FIELD("Rss:", rss), /* these two have to be there: required_fields */
	FIELD("Pss:", pss),
	FIELD("Pss_Anon:", pss_anon), /* this one and the next two: 5.4 on */
	FIELD("Pss_File:", pss_file),
	FIELD("Pss_Shmem:", pss_shmem),
	FIELD("Private_Clean:", private_clean),
	FIELD("Private_Dirty:", private_dirty),
	FIELD("Swap:", swap),
	FIELD("SwapPss:", swap_pss),
	FIELD("AnonHugePages:", anon_huge),
};

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))
static const uint32_t required_fields = 1U << 0 | 1U << 1;

static const struct field *find_field(struct cursor name)
{
	size_t len = (size_t)(name.end - name.p);

	for (size_t i = 0; i < N_FIELDS; i++)
		if (strlen(fields[i].name) == len && !memcmp(fields[i].name, name.p, len))
			return &fields[i];
	return NULL;
}

static int take_kb(struct cursor line, uint64_t *ret)
{
	struct cursor unit;
	uint64_t value;

	if (cursor_u64(&line, &value) || cursor_word(&line, &unit) || unit.end - unit.p != 2 ||
	    memcmp(unit.p, "kB", 2) || __builtin_mul_overflow(value, 1024, &value))
		return -EBADMSG;
	*ret = value;
	return 0;
}

int smaps_rollup_parse(struct cursor text, struct smaps_sample *ret)
{
	struct smaps_sample s = {.id = ret->id};
	struct cursor line, name;
	uint32_t seen = 0;

	while (!cursor_line(&text, &line)) {
		const struct field *f;
		uint64_t value;

		if (cursor_word(&line, &name))
			continue;
		f = find_field(name);
		if (!f || (seen & 1U << (f - fields)))
			continue;
		if (take_kb(line, &value))
			return -EBADMSG;
		memcpy((char *)&s + f->offset, &value, sizeof(value));
		seen |= 1U << (f - fields);
	}
	if ((seen & required_fields) != required_fields)
		return -EBADMSG;
	*ret = s;
	return 0;
}

static int check_start(int root_fd, struct proc_id id)
{
	struct pid_stat stat;
	int err = pid_stat_read(root_fd, id.pid, &stat);

	if (err)
		return err;
	return stat.start_ticks == id.start_ticks ? 0 : -ESRCH;
}

int smaps_rollup_read(int root_fd, struct proc_id id, struct smaps_sample *ret)
{
	struct smaps_sample s = {.id = id};
	char path[64], text[TEXT_MAX];
	ssize_t len;
	int err = check_start(root_fd, id);

	if (err)
		return err;
	snprintf(path, sizeof(path), "proc/%u/smaps_rollup", id.pid);
	len = read_file_at(root_fd, path, text, sizeof(text));
	if (len < 0) {
		/* -ENOENT with the process there: no CONFIG_PROC_PAGE_MONITOR */
		err = check_start(root_fd, id);
		return err ? err : (int)len;
	}
	err = smaps_rollup_parse((struct cursor){text, text + len}, &s);
	if (!err)
		err = check_start(root_fd, id);
	if (!err)
		*ret = s;
	return err;
}
