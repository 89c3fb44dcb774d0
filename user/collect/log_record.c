/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/log_record.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NS_PER_US 1000ull

enum { IN_KERNEL = 1, IN_JOURNAL = 2 };

/* The first that matches counts. Words as 5.10 to 7.x have them, and systemd 247 to 257. */
static const struct {
	enum critical_kind kind;
	unsigned int where;
	const char *text;
} signs[] = {
	{CRITICAL_OOM, IN_KERNEL, "Killed process "},
	{CRITICAL_OOM, IN_KERNEL, "no killable process"},
	{CRITICAL_OOM, IN_JOURNAL, "killed by the OOM killer"},
	{CRITICAL_OOM, IN_JOURNAL, "Failed with result 'oom-kill'"},
	{CRITICAL_OOM, IN_JOURNAL, "systemd-oomd killed"},
	{CRITICAL_ALLOCATION, IN_KERNEL, "page allocation failure"},
	{CRITICAL_ALLOCATION, IN_KERNEL, "page allocation stalls"},
	{CRITICAL_ALLOCATION, IN_KERNEL, "Unable to allocate memory"},
	{CRITICAL_ALLOCATION, IN_KERNEL, "vmalloc error"},
	{CRITICAL_ALLOCATION, IN_KERNEL, "vmap allocation for size"},
	{CRITICAL_ALLOCATION, IN_KERNEL, "percpu: allocation failed"},
	{CRITICAL_HUNG, IN_KERNEL, "blocked for more than"},
	{CRITICAL_HUNG, IN_KERNEL, "soft lockup"},
	{CRITICAL_HUNG, IN_KERNEL, "hard LOCKUP"},
	{CRITICAL_HUNG, IN_KERNEL, "detected stalls on"},
	{CRITICAL_HUNG, IN_KERNEL, "self-detected stall"},
	{CRITICAL_HUNG, IN_KERNEL, "workqueue lockup"},
	{CRITICAL_IO, IN_KERNEL, "I/O error"},
	{CRITICAL_IO, IN_KERNEL, "critical medium error"},
	{CRITICAL_IO, IN_KERNEL, "critical target error"},
	{CRITICAL_IO, IN_KERNEL, "EXT4-fs error"},
	{CRITICAL_IO, IN_KERNEL, "BTRFS error"},
	{CRITICAL_IO, IN_KERNEL, "BTRFS critical"},
	{CRITICAL_IO, IN_KERNEL, "Metadata corruption detected"},
	{CRITICAL_IO, IN_KERNEL, "Corruption of in-memory data"},
	{CRITICAL_IO, IN_KERNEL, "Remounting filesystem read-only"},
	{CRITICAL_IO, IN_KERNEL, "timeout, aborting"},
	{CRITICAL_IO, IN_KERNEL, "not responding, still trying"},
	{CRITICAL_HARDWARE, IN_KERNEL, "Hardware Error"},
	{CRITICAL_HARDWARE, IN_KERNEL, "Machine check"},
	{CRITICAL_HARDWARE, IN_KERNEL, "Memory failure: "},
	{CRITICAL_HARDWARE, IN_KERNEL, "EDAC MC"},
	{CRITICAL_OOPS, IN_KERNEL, "BUG: "},
	{CRITICAL_OOPS, IN_KERNEL, "kernel BUG at"},
	{CRITICAL_OOPS, IN_KERNEL, "Oops: "},
	{CRITICAL_OOPS, IN_KERNEL, "general protection fault"},
	{CRITICAL_OOPS, IN_KERNEL, "WARNING: CPU:"},
	{CRITICAL_OOPS, IN_KERNEL, "Kernel panic"},
	{CRITICAL_OOPS, IN_KERNEL, "UBSAN: "},
	{CRITICAL_CRASH, IN_KERNEL, "segfault at "},
	{CRITICAL_CRASH, IN_JOURNAL, "dumped core"},
	{CRITICAL_SUSPEND, IN_KERNEL, "PM: suspend entry"},
	{CRITICAL_SUSPEND, IN_KERNEL, "PM: hibernation: hibernation entry"},
	{CRITICAL_RESUME, IN_KERNEL, "PM: suspend exit"},
	{CRITICAL_RESUME, IN_KERNEL, "PM: hibernation: hibernation exit"},
	{CRITICAL_SERVICE, IN_JOURNAL, "Failed with result '"},
	{CRITICAL_SERVICE, IN_JOURNAL, "entered failed state"},
	{CRITICAL_SERVICE, IN_JOURNAL, "Failed to start "},
	{CRITICAL_SERVICE, IN_JOURNAL, "Start request repeated too quickly"},
	{CRITICAL_SERVICE, IN_JOURNAL, "Main process exited, code=exited, status="},
	{CRITICAL_SERVICE, IN_JOURNAL, "Main process exited, code=killed"},
};

enum critical_kind critical_classify(struct cursor text, bool kernel)
{
	unsigned int where = kernel ? IN_KERNEL : IN_JOURNAL;

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (signs[i].where & where && memmem(text.p, (size_t)(text.end - text.p),
						     signs[i].text, strlen(signs[i].text)))
			return signs[i].kind;
	return CRITICAL_NONE;
}

static void copy_cut(char *dst, size_t size, struct cursor c)
{
	size_t len = (size_t)(c.end - c.p);

	if (len >= size)
		len = size - 1;
	memcpy(dst, c.p, len);
	dst[len] = '\0';
}

/* --- /dev/kmsg --- */

/* A number up to one of the characters, which is passed over. */
static int take_u64(struct cursor *c, const char *ends, uint64_t *ret)
{
	const char *p = c->p;
	char digits[24];

	while (p < c->end && !strchr(ends, *p))
		p++;
	if (p == c->end || !*p || !cursor_copy((struct cursor){c->p, p}, digits, sizeof(digits)) ||
	    parse_u64(digits, ret))
		return -EBADMSG;
	c->p = p + 1;
	return 0;
}

int kmsg_record_parse(struct cursor record, int64_t mono_to_real_ns, struct log_event *ret)
{
	struct log_event e = {0};
	uint64_t priority, seq, us;
	struct cursor text;
	const char *semicolon;

	if (take_u64(&record, ",", &priority) || take_u64(&record, ",", &seq) ||
	    take_u64(&record, ",", &us))
		return -EBADMSG;
	semicolon = memchr(record.p, ';', (size_t)(record.end - record.p));
	if (!semicolon || us > INT64_MAX / NS_PER_US / 2)
		return -EBADMSG;
	record.p = semicolon + 1;
	/* Lines after the first are a dictionary. */
	if (cursor_line(&record, &text))
		text = (struct cursor){record.p, record.p};
	e.priority = priority & 7;
	e.kernel = priority >> 3 == 0;
	e.time_ns = us * NS_PER_US + (uint64_t)mono_to_real_ns;
	e.kind = critical_classify(text, e.kernel);
	snprintf(e.source, sizeof(e.source), "%s", e.kernel ? "kernel" : "kmsg");
	copy_cut(e.text, sizeof(e.text), text);
	*ret = e;
	return 0;
}

/* --- journal --- */

struct entry {
	struct log_event e;
	struct cursor message;
	bool any, has_unit, has_message;
};

static void take_field(struct entry *x, struct cursor name, struct cursor value, char *cur)
{
	char number[24];
	uint64_t n;

	x->any = true;
	if (cursor_is(name, "__CURSOR")) {
		copy_cut(cur, JOURNAL_CURSOR_SIZE, value);
	} else if (cursor_is(name, "__REALTIME_TIMESTAMP")) {
		if (cursor_copy(value, number, sizeof(number)) && !parse_u64(number, &n) &&
		    n < UINT64_MAX / NS_PER_US)
			x->e.time_ns = n * NS_PER_US;
	} else if (cursor_is(name, "PRIORITY")) {
		if (cursor_copy(value, number, sizeof(number)) && !parse_u64(number, &n) && n < 8)
			x->e.priority = (uint8_t)n;
	} else if (cursor_is(name, "_TRANSPORT")) {
		x->e.kernel = cursor_is(value, "kernel");
	} else if (cursor_is(name, "UNIT")) { /* which one systemd speaks of */
		copy_cut(x->e.source, sizeof(x->e.source), value);
		x->has_unit = true;
	} else if (cursor_is(name, "SYSLOG_IDENTIFIER")) {
		if (!x->has_unit)
			copy_cut(x->e.source, sizeof(x->e.source), value);
	} else if (cursor_is(name, "MESSAGE")) {
		x->message = value;
		x->has_message = true;
	}
}

/* "NAME" alone: the value's length in 8 bytes, little endian, and the value, follow. */
static int binary_value(struct cursor *text, struct cursor *ret)
{
	uint64_t len;

	if ((size_t)(text->end - text->p) < sizeof(len))
		return -ENODATA;
	memcpy(&len, text->p, sizeof(len));
	len = le64toh(len);
	if (len >= (uint64_t)(text->end - text->p) - sizeof(len))
		return -ENODATA;
	ret->p = text->p + sizeof(len);
	ret->end = ret->p + len;
	text->p = ret->end + 1; /* and its newline */
	return 0;
}

int journal_entry_parse(struct cursor *text, struct log_event *ret,
			char ret_cursor[static JOURNAL_CURSOR_SIZE])
{
	struct entry x = {.e.priority = 6};
	struct cursor c = *text, line;
	bool ended = false;

	ret_cursor[0] = '\0';
	while (!ended && !cursor_line(&c, &line)) {
		const char *eq = memchr(line.p, '=', (size_t)(line.end - line.p));
		struct cursor value = {eq ? eq + 1 : NULL, line.end};

		if (line.end == c.end)
			return -ENODATA; /* without its newline: cut */
		ended = line.p == line.end && x.any;
		if (line.p == line.end)
			continue;
		if (!eq && binary_value(&c, &value))
			return -ENODATA;
		take_field(&x, (struct cursor){line.p, eq ?: line.end}, value, ret_cursor);
	}
	if (!ended)
		return -ENODATA;
	*text = c;
	if (!x.has_message || !x.e.time_ns)
		return -EBADMSG;
	x.e.kind = critical_classify(x.message, x.e.kernel);
	copy_cut(x.e.text, sizeof(x.e.text), x.message);
	*ret = x.e;
	return 0;
}
