/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Call paths for people. */
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/when.h"
#include "model/frame_text.h"
#include "sink/text_part.h"
#include "sink/text_table.h"

#define N_ELEMS(a) (sizeof(a) / sizeof((a)[0]))

/* Of a stack of hundreds (recursion) both ends tell the story. */
#define FRAMES_HEAD 24
#define FRAMES_TAIL 12

#define DIM "\033[2m"
#define PLAIN "\033[0m"

static const char *const domain_titles[_PATH_DOMAIN_MAX] = {
	[PATH_USER] = "CALL PATHS THAT HOLD MEMORY: WHO FIRST TOUCHED PAGES THAT ARE STILL THERE",
	[PATH_HEAP] = "HEAP: OUTSTANDING BYTES BY CALL PATH",
	[PATH_KERNEL] = "CALL PATHS IN THE KERNEL THAT HOLD PAGES",
	[PATH_SLAB] = "CALL PATHS IN THE KERNEL THAT HOLD SLAB OBJECTS (WITHIN SLAB PAGES)",
	[PATH_MMAP] = "CALL PATHS THAT HOLD ADDRESS SPACE, TOUCHED OR NOT",
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static void add_safe(struct strbuf *b, const char *s)
{
	char safe[512];

	strbuf_addf(b, "%s", safe_text(safe, sizeof(safe), s, strlen(s)));
}

static void add_frame(struct strbuf *b, const struct path_frame *f)
{
	if (f->function)
		add_safe(b, f->function);
	else
		strbuf_addf(b, "0x%llx", (unsigned long long)f->offset);
	if (f->inlined)
		strbuf_addf(b, " (inlined)");
	if (f->module) {
		strbuf_addf(b, "  ");
		add_safe(b, base_name(f->module));
	}
	if (f->file) {
		strbuf_addf(b, "  ");
		add_safe(b, base_name(f->file));
		if (f->line)
			strbuf_addf(b, ":%u", f->line);
	}
	if (!f->function && f->build_id)
		strbuf_addf(b, "  build-id %.12s", f->build_id);
}

static void print_frame(const struct path_frame *f, bool color, FILE *out)
{
	struct strbuf b = {0};
	bool dim = color && frame_boilerplate(f);

	add_frame(&b, f);
	if (b.s)
		fprintf(out, "      %s%s%s\n", dim ? DIM : "", b.s, dim ? PLAIN : "");
	strbuf_free(&b);
}

static void print_frames(const struct report_path *p, bool color, FILE *out)
{
	size_t n = p->frames.n;

	if (!n)
		fputs("      (the stack of these samples could not be read)\n", out);
	for (size_t i = 0; i < n; i++) {
		if (n > FRAMES_HEAD + FRAMES_TAIL && i == FRAMES_HEAD) {
			fprintf(out, "      ... %zu frames ...\n", n - FRAMES_HEAD - FRAMES_TAIL);
			i = n - FRAMES_TAIL;
		}
		print_frame(&p->frames.v[i], color, out);
	}
	if (n && !p->complete)
		fputs("      (called from where could not be seen)\n", out);
}

static bool is_kernel(enum path_domain domain)
{
	return domain == PATH_KERNEL || domain == PATH_SLAB;
}

static void add_place(struct strbuf *b, const struct path_place *p, bool has_process)
{
	bool is_container = path_place__is_container(p);

	if (!is_container && (has_process || !p->charged))
		return;
	strbuf_addf(b, has_process ? " in " : ", charged to ");
	if (is_container)
		strbuf_addf(b, "%s container ", container_runtime_names[p->runtime]);
	add_safe(b, is_container ? p->name : p->cgroup);
}

static void add_holder(struct strbuf *b, const struct report_path *p)
{
	char safe[sizeof(p->what) * 4];

	if (*p->what)
		strbuf_addf(b, ", %s", safe_text(safe, sizeof(safe), p->what, sizeof(p->what)));
	if (p->class)
		strbuf_addf(b, ", %s", p->class);
	if (!p->id.pid && *p->comm)
		strbuf_addf(b, ", by several %s",
			    safe_text(safe, sizeof(safe), p->comm, sizeof(p->comm)));
	else if (!p->id.pid)
		strbuf_addf(b, ", by interrupts");
	else
		strbuf_addf(b, ", by %s (pid %u)",
			    safe_text(safe, sizeof(safe), p->comm, sizeof(p->comm)), p->id.pid);
	add_place(b, &p->place, p->id.pid);
}

/* Without an error there was no sampling: these are the blocks themselves. */
static const char *unit(const struct report_path *p)
{
	if (p->domain == PATH_MMAP)
		return "mapping";
	return p->domain == PATH_HEAP && !p->error_bytes ? "block" : "sample";
}

static bool is_notable(const char *kind)
{
	return strcmp(kind, "stable") && strcmp(kind, "insufficient");
}

static void print_path(const struct report *r, const struct report_path *p, unsigned int rank,
		       FILE *out)
{
	char live[HUMAN_BYTES_SIZE], error[HUMAN_BYTES_SIZE], grown[HUMAN_BYTES_SIZE];
	char age[HUMAN_DURATION_SIZE], over[HUMAN_DURATION_SIZE];
	struct strbuf b = {0};

	fprintf(out, "%3u. %s", rank, human_bytes(live, report_path__held(p)));
	if (p->error_bytes)
		fprintf(out, " +- %s", human_bytes(error, p->error_bytes));
	if (p->exit_bytes)
		fputs(" when it ended", out);
	fprintf(out, ", %s", human_delta(grown, p->growth_bytes));
	if (r->since_ns)
		fprintf(out, " in the last %s", human_duration(over, r->since_ns));
	if (p->samples)
		fprintf(out, ", %llu %s%s", (unsigned long long)p->samples, unit(p),
			p->samples == 1 ? "" : "s");
	if (p->age_known)
		fprintf(out, ", oldest %s", human_duration(age, p->oldest_age_ns));
	if (is_kernel(p->domain))
		add_holder(&b, p);
	fprintf(out, "%s\n", b.s ?: "");
	strbuf_free(&b);
	if (p->verdict.known && is_notable(p->verdict.kind))
		text_verdict(&p->verdict, out, "     ");
}

static bool is_of(const struct report_path *p, const struct report_path_total *t)
{
	return p->domain == t->domain && proc_id_equal(p->id, t->id);
}

/* Freed and taken again all the time: whoever touched a page first need not have it now. */
static bool churns(const struct report_path_total *t)
{
	return t->domain == PATH_USER && t->taken_bytes > (64ull << 20) &&
	       t->taken_bytes / 10 > t->estimate_bytes;
}

/* Every call is counted; paths are estimates only where there were too many of them. */
static void print_mapped(const struct report_path_total *t, FILE *out)
{
	char held[HUMAN_BYTES_SIZE], est[HUMAN_BYTES_SIZE], error[HUMAN_BYTES_SIZE];
	char comm[COMM_SIZE * 4];
	struct strbuf b = {0};

	strbuf_addf(&b, "%s (pid %u): ", safe_text(comm, sizeof(comm), t->comm, sizeof(t->comm)),
		    t->id.pid);
	if (t->held_known)
		strbuf_addf(&b, "%s mapped since it was watched and still there; ",
			    human_bytes(held, t->held_bytes));
	strbuf_addf(&b, "by %llu mappings with a path %s", (unsigned long long)t->samples,
		    human_bytes(est, t->estimate_bytes));
	if (t->error_bytes)
		strbuf_addf(&b, " +- %s%s", human_bytes(error, t->error_bytes),
			    t->scaled ? ", to which the paths are scaled" : "");
	if (b.s)
		text_paragraph(out, "", b.s);
	strbuf_free(&b);
}

static void print_total(const struct report_path_total *t, FILE *out)
{
	char held[HUMAN_BYTES_SIZE], est[HUMAN_BYTES_SIZE], error[HUMAN_BYTES_SIZE];
	char taken[HUMAN_BYTES_SIZE], comm[COMM_SIZE * 4];
	struct strbuf b = {0};

	strbuf_addf(&b, "%s", safe_text(comm, sizeof(comm), t->comm, sizeof(t->comm)));
	if (t->id.pid)
		strbuf_addf(&b, " (pid %u)", t->id.pid);
	human_bytes(est, t->estimate_bytes);
	if (t->domain == PATH_HEAP && !t->error_bytes)
		strbuf_addf(&b, ": %s in %llu blocks", est, (unsigned long long)t->samples);
	else
		strbuf_addf(&b, ": by %llu samples %s", (unsigned long long)t->samples, est);
	if (t->error_bytes)
		strbuf_addf(&b, " +- %s", human_bytes(error, t->error_bytes));
	if (t->exit_bytes)
		strbuf_addf(&b, ", held when it ended");
	if (t->held_known && t->scaled)
		strbuf_addf(&b, "; counted %s, to which the paths are scaled",
			    human_bytes(held, t->held_bytes));
	else if (t->held_known)
		strbuf_addf(&b,
			    "; counted %s: what the samples lack was taken before it was "
			    "watched, or is in the limits below",
			    human_bytes(held, t->held_bytes));
	if (churns(t))
		strbuf_addf(&b,
			    "; %s were taken in all: memory that is freed and taken again may "
			    "be kept by another path than the one that touched it first; --heap "
			    "tells which",
			    human_bytes(taken, t->taken_bytes));
	if (b.s)
		text_paragraph(out, "", b.s);
	strbuf_free(&b);
}

static void print_paths(const struct report *r, const struct report_path_total *t, bool color,
			FILE *out)
{
	unsigned int rank = 0;

	if (t->domain == PATH_MMAP)
		print_mapped(t, out);
	else
		print_total(t, out);
	vec_for_each(p, &r->paths) {
		if (!is_of(p, t))
			continue;
		if (r->top_paths && ++rank > r->top_paths)
			continue;
		print_path(r, p, r->top_paths ? rank : ++rank, out);
		print_frames(p, color, out);
	}
	if (r->top_paths && rank > r->top_paths)
		fprintf(out, "     and %u more paths: see --top-paths\n", rank - r->top_paths);
}

/* Kernel functions are many and short: in one paragraph. */
static void print_chain(const struct report_path *p, FILE *out)
{
	struct strbuf b = {0};

	/* From who asked on: how the allocators call each other says nothing. */
	for (size_t i = p->asker < p->frames.n ? p->asker : 0; i < p->frames.n; i++) {
		const struct path_frame *f = &p->frames.v[i];

		if (b.len)
			strbuf_addf(&b, " < ");
		if (f->function)
			add_safe(&b, f->function);
		else
			strbuf_addf(&b, "0x%llx", (unsigned long long)f->offset);
		if (f->module && f->module[0] != '[') {
			strbuf_addf(&b, " [");
			add_safe(&b, f->module);
			strbuf_addf(&b, "]");
		}
	}
	if (b.s)
		text_paragraph(out, "      ", b.s);
	else
		fputs("      (the stack of these samples was not kept)\n", out);
	strbuf_free(&b);
}

/* Sampling cannot tell it from nothing: of a busy machine there are hundreds. */
static bool is_noise(const struct report_path *p)
{
	return p->error_bytes > p->live_bytes;
}

static void print_noise(unsigned int n, uint64_t bytes, FILE *out)
{
	char size[HUMAN_BYTES_SIZE];

	if (n)
		fprintf(out,
			"     and %u path%s that hold%s less than sampling can tell, %s together\n",
			n, n == 1 ? "" : "s", n == 1 ? "s" : "", human_bytes(size, bytes));
}

static void print_kernel_paths(const struct report *r, enum path_domain domain, FILE *out)
{
	unsigned int rank = 0, n_noise = 0;
	uint64_t noise_bytes = 0;

	vec_for_each(p, &r->paths) {
		if (p->domain != domain)
			continue;
		if (!rank && !n_noise)
			text_section(out, domain_titles[domain]);
		if (r->top_paths && is_noise(p)) {
			n_noise++;
			noise_bytes += p->live_bytes;
			continue;
		}
		if (r->top_paths && ++rank > r->top_paths)
			continue;
		print_path(r, p, r->top_paths ? rank : ++rank, out);
		print_chain(p, out);
	}
	if (r->top_paths && rank > r->top_paths)
		fprintf(out, "     and %u more paths: see --top-paths\n", rank - r->top_paths);
	print_noise(n_noise, noise_bytes, out);
}

static void print_sampling(const struct report *r, FILE *out)
{
	const struct sampling_stats *s = &r->sampling;
	char asked[HUMAN_BYTES_SIZE], now[HUMAN_BYTES_SIZE], each[HUMAN_DURATION_SIZE];
	struct strbuf b = {0};

	strbuf_addf(&b, "one sample in %s", human_bytes(asked, s->asked_bytes));
	if (s->interval_bytes != s->asked_bytes)
		strbuf_addf(&b, " (now %s)", human_bytes(now, s->interval_bytes));
	strbuf_addf(&b, ": %llu stacks", (unsigned long long)s->stacks);
	if (s->stacks)
		strbuf_addf(&b, ", %.1f %% of them up to the first function, %s of CPU time each",
			    100.0 * (double)s->whole / (double)s->stacks,
			    human_duration(each, s->unwind_ns / s->stacks));
	strbuf_addf(&b, "; +- is 95 %% confidence");
	if (b.s)
		text_paragraph(out, "", b.s);
	strbuf_free(&b);
}

void text_paths(const struct report *r, FILE *out)
{
	bool color = isatty(fileno(out));

	for (int domain = 0; domain < _PATH_DOMAIN_MAX; domain++) {
		bool titled = false;

		if (is_kernel(domain)) {
			print_kernel_paths(r, domain, out);
			continue;
		}
		vec_for_each(t, &r->path_totals) {
			if ((int)t->domain != domain)
				continue;
			if (!titled)
				text_section(out, domain_titles[domain]);
			if (!titled && domain == PATH_USER && r->has_sampling)
				print_sampling(r, out);
			titled = true;
			print_paths(r, t, color, out);
		}
	}
}
