/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/kernel_text.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

/* 200,000 symbols and those of large modules. */
#define KALLSYMS_MAX (64u << 20)

/* A name that ends in * stands for all that begin so. */
static const char *const irq_entries[] = {
	"handle_softirqs",  /* 6.10 on */
	"__do_softirq",	    /* before */
	"common_interrupt", /* x86, 5.8 on */
	"__common_interrupt",
	"sysvec_*",	     /* x86: timer and other CPUs */
	"exc_nmi",	     /* x86 */
	"el1_interrupt",     /* arm64, 5.13 on */
	"el0_interrupt",     /* arm64 */
	"gic_handle_irq",    /* arm64, before */
	"call_on_irq_stack", /* arm64 */
};

static bool is_irq_entry(struct cursor name)
{
	size_t n = name.end - name.p;

	for (size_t i = 0; i < sizeof(irq_entries) / sizeof(irq_entries[0]); i++) {
		const char *entry = irq_entries[i];
		size_t len = strlen(entry);

		if (entry[len - 1] == '*' ? n >= len - 1 && !memcmp(name.p, entry, len - 1)
					  : n == len && !memcmp(name.p, entry, len))
			return true;
	}
	return false;
}

static bool hex(struct cursor word, uint64_t *ret)
{
	uint64_t v = 0;

	for (const char *p = word.p; p < word.end; p++) {
		const char *digits = "0123456789abcdef", *d = *p ? strchr(digits, *p) : NULL;

		if (!d || v >> 60)
			return false;
		v = v << 4 | (uint64_t)(d - digits);
	}
	*ret = v;
	return word.end > word.p;
}

/* Lines come by address within the kernel; the next symbol ends the one before. Modules follow. */
int irq_entries_parse(struct cursor kallsyms, struct text_ranges *ret)
{
	struct text_ranges found = {};
	uint64_t addr, highest = 0;
	bool open = false;
	struct cursor line;
	int err = 0;

	while (!err && cursor_line(&kallsyms, &line) == 0) {
		struct cursor word, type, name;

		if (cursor_word(&line, &word) || !hex(word, &addr) || cursor_word(&line, &type) ||
		    cursor_word(&line, &name))
			continue;
		if (addr > highest)
			highest = addr;
		if (open && addr > found.v[found.n - 1].start) {
			found.v[found.n - 1].end = addr;
			open = false;
		}
		if (!open && addr && (type.p[0] == 't' || type.p[0] == 'T') && is_irq_entry(name)) {
			err = vec_push(&found, (struct text_range){addr, addr});
			open = !err;
		}
	}
	if (!err && !found.n)
		err = highest ? -ENODATA : -EPERM;
	if (err)
		vec_free(&found);
	else
		*ret = found;
	return err;
}

int irq_entries_read(int fd, struct text_ranges *ret)
{
	_cleanup_free_ char *buf = NULL;
	size_t cap = 0;
	ssize_t n = read_fd_grow(fd, &buf, &cap, KALLSYMS_MAX);

	return n < 0 ? (int)n : irq_entries_parse((struct cursor){buf, buf + n}, ret);
}

bool text_ranges__have(const struct text_ranges *r, uint64_t addr)
{
	vec_for_each(range, r)
		if (addr >= range->start && addr < range->end)
			return true;
	return false;
}

size_t irq_own_frames(const struct text_ranges *irq, const struct mt_kstack *s, bool *ret_irq)
{
	size_t n = s->n < MT_KSTACK_DEPTH ? s->n : MT_KSTACK_DEPTH;

	*ret_irq = false;
	for (size_t i = 0; irq && i < n; i++) {
		if (!text_ranges__have(irq, s->ip[i] - 1))
			continue;
		*ret_irq = true;
		return i + 1;
	}
	return n;
}
