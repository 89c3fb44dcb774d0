/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One SVG file that needs nothing else: towers of frames, as wide as the bytes
 * they hold, roots at the bottom. Without JavaScript it is still a picture with
 * details in its tooltips.
 */
#include "sink/sink.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/when.h"
#include "model/frame_text.h"
#include "sink/flame_tree.h"
#include "sink/flamegraph_script.h"

/* The script has WIDTH, LEFT and CHAR as well. */
#define LEFT 10.0
#define WIDTH 1180.0
#define CHAR_WIDTH 7.25 /* of 12 pixels monospace, in every browser's choice a little less */
#define ROW 17
#define TOP 52
#define BOTTOM 40
#define NARROWEST 0.02 /* pixels: 1/59000 of all; zooming in far shows gaps below that */

struct paper {
	FILE *out;
	const struct flame_tree *tree;
	double *x; /* of each node */
	int height;
	uint64_t n_too_narrow;
};

/* Text for XML: control characters are made visible by safe_text(), of the rest XML forbids
 * U+FFFE and U+FFFF. At most `chars` characters, ".." where it was cut; 0: all. */
static void put_text(FILE *out, const char *s, size_t size, size_t chars)
{
	static const char *const escapes[256] = {['&'] = "&amp;",
						 ['<'] = "&lt;",
						 ['>'] = "&gt;",
						 ['"'] = "&quot;",
						 ['\''] = "&#39;"};
	_cleanup_free_ char *safe = malloc(4 * strnlen(s, size) + 1);
	size_t n_chars = 0, left = chars;

	if (!safe)
		return;
	safe_text(safe, 4 * strnlen(s, size) + 1, s, size);
	for (const unsigned char *p = (unsigned char *)safe; *p; p++)
		n_chars += (*p & 0xc0) != 0x80;
	if (chars && n_chars > chars)
		left = chars > 2 ? chars - 2 : 0;
	for (const unsigned char *p = (unsigned char *)safe; *p; p++) {
		if (chars && (*p & 0xc0) != 0x80 && !left--)
			break;
		if (p[0] == 0xef && p[1] == 0xbf && p[2] >= 0xbe) {
			fputc('?', out);
			p += 2;
		} else if (escapes[*p]) {
			fputs(escapes[*p], out);
		} else {
			fputc(*p, out);
		}
	}
	if (chars && n_chars > chars)
		fputs("..", out);
}

static void put_all(FILE *out, const char *s)
{
	put_text(out, s, SIZE_MAX, 0);
}

static void put_limits(const struct report *r, FILE *out)
{
	for (size_t i = 0; i < r->limits.n; i++) {
		const struct limit *l = &r->limits.v[i];

		put_text(out, l->kind, LIMIT_KIND_SIZE, 0);
		fprintf(out, ": %llu: ", (unsigned long long)l->count);
		put_text(out, l->meaning, LIMIT_MEANING_SIZE, 0);
		fputc('\n', out);
	}
}

static void put_head(const struct paper *p, const struct report *r)
{
	char start[UTC_TIME_SIZE], duration[HUMAN_DURATION_SIZE];
	FILE *out = p->out;

	fprintf(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1200\" height=\"%d\" "
		"viewBox=\"0 0 1200 %d\" font-family=\"monospace\" font-size=\"12\">\n<title>",
		p->height, p->height);
	fputs("memtrace: memory by code path", out);
	fputs("</title>\n<desc>", out);
	put_limits(r, out);
	fprintf(out,
		"</desc>\n<style>text { pointer-events: none } .button { pointer-events: auto; "
		"cursor: pointer; fill: #06c } .f { cursor: pointer } .f:hover rect { stroke: #000 "
		"} .below { opacity: 0.5 } .hit rect { fill: #d6f }</style>\n"
		"<script><![CDATA[\n%s]]></script>\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
		"<text x=\"600\" y=\"20\" font-size=\"15\" text-anchor=\"middle\">",
		flamegraph_script);
	fputs("Memory held, by code path: ", out);
	put_text(out, r->info.target[0] ? r->info.target : r->info.mode,
		 r->info.target[0] ? sizeof(r->info.target) : sizeof(r->info.mode), 60);
	fputs(" on ", out);
	put_text(out, r->info.host, sizeof(r->info.host), 40);
	fprintf(out,
		"</text>\n<text x=\"600\" y=\"38\" text-anchor=\"middle\" fill=\"#555\">%.19sZ, "
		"%s; user: resident pages, by the path that first touched them; "
		"+- is 95 %% confidence</text>\n",
		utc_time(start, r->start_ns), human_duration(duration, r->duration_ns));
	fputs("<text id=\"reset\" class=\"button\" x=\"10\" y=\"20\" style=\"display:none\">reset "
	      "zoom</text>\n<text id=\"search\" class=\"button\" x=\"1190\" y=\"20\" "
	      "text-anchor=\"end\" style=\"display:none\">search (ctrl-f)</text>\n",
	      out);
}

static void put_foot(const struct paper *p, const struct report *r)
{
	FILE *out = p->out;

	fprintf(out,
		"<text id=\"details\" x=\"10\" y=\"%d\"></text>\n"
		"<text id=\"matched\" x=\"1190\" y=\"%d\" text-anchor=\"end\"></text>\n",
		p->height - 23, p->height - 7);
	if (p->n_too_narrow)
		fprintf(out,
			"<text x=\"600\" y=\"%d\" text-anchor=\"middle\" fill=\"#555\">%llu frames "
			"too narrow to be drawn</text>\n",
			p->height - 7, (unsigned long long)p->n_too_narrow);
	if (r->limits.n) {
		fputs("<g class=\"button\"><title>", out);
		put_limits(r, out);
		fprintf(out,
			"</title><text class=\"button\" x=\"10\" y=\"%d\">%zu limit%s of these "
			"numbers</text></g>\n",
			p->height - 7, r->limits.n, r->limits.n == 1 ? "" : "s");
	}
	fputs("</svg>\n", out);
}

/* One colour family a kind of memory; the same name has the same colour in every picture. */
static uint32_t colour(const struct flame_node *n)
{
	static const struct {
		uint8_t r, g, b, dr, dg, db;
	} families[_PATH_DOMAIN_MAX] = {
		[PATH_USER] = {215, 90, 40, 40, 130, 30},
		[PATH_HEAP] = {215, 160, 60, 40, 70, 40},
		[PATH_KERNEL] = {90, 150, 210, 60, 60, 45},
		[PATH_SLAB] = {160, 120, 200, 50, 60, 50},
		[PATH_MMAP] = {110, 180, 100, 70, 50, 60},
	};
	uint32_t h = 2166136261U; /* FNV-1a */

	for (const unsigned char *p = (const unsigned char *)n->name; *p; p++)
		h = (h ^ *p) * 16777619U;
	return (families[n->domain].r + h % (families[n->domain].dr + 1U)) << 16 |
	       (families[n->domain].g + (h >> 8) % (families[n->domain].dg + 1U)) << 8 |
	       (families[n->domain].b + (h >> 16) % (families[n->domain].db + 1U));
}

static uint64_t domain_bytes(const struct flame_tree *t, enum path_domain domain)
{
	uint64_t bytes = 0;

	vec_for_each(n, &t->nodes) {
		if (n->depth)
			break;
		if (n->domain == domain)
			bytes += n->bytes;
	}
	return bytes;
}

static void put_title(const struct paper *p, const struct flame_node *n)
{
	uint64_t all = domain_bytes(p->tree, n->domain);
	char bytes[HUMAN_BYTES_SIZE], error[HUMAN_BYTES_SIZE];

	fputs("<title>", p->out);
	put_all(p->out, n->name);
	fprintf(p->out, "\n%s", human_bytes(bytes, n->bytes));
	if (n->error_squared > 0)
		fprintf(p->out, " +- %s", human_bytes(error, (uint64_t)sqrt(n->error_squared)));
	fprintf(p->out, ", %.1f %% of %s", 100.0 * (double)n->bytes / (double)all,
		path_domain_names[n->domain]);
	if (n->samples)
		fprintf(p->out, ", %llu samples", (unsigned long long)n->samples);
	if (n->inlined)
		fputs(", inlined", p->out);
	if (n->module) {
		fputc('\n', p->out);
		put_all(p->out, n->module);
	}
	if (n->file && n->line) {
		fputc('\n', p->out);
		put_all(p->out, n->file);
		fprintf(p->out, ":%u", n->line);
	}
	fputs("</title>", p->out);
}

static void put_node(struct paper *p, size_t i)
{
	const struct flame_node *n = &p->tree->nodes.v[i];
	double width = WIDTH * (double)n->bytes / (double)p->tree->bytes;
	int y = p->height - BOTTOM - ((int)n->depth + 1) * ROW;
	double room = (width - 6) / CHAR_WIDTH;

	p->x[i] = WIDTH * (double)n->before / (double)p->tree->bytes;
	if (n->parent != UINT32_MAX)
		p->x[i] += p->x[n->parent];
	if (width < NARROWEST) {
		p->n_too_narrow++;
		return;
	}
	fprintf(p->out,
		"<g class=\"f\" data-x=\"%.3f\" data-w=\"%.3f\" data-d=\"%u\" data-b=\"%llu\" "
		"data-k=\"%s\">",
		p->x[i], width, n->depth, (unsigned long long)n->bytes,
		path_domain_names[n->domain]);
	put_title(p, n);
	fprintf(p->out,
		"<rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\" rx=\"2\" fill=\"#%06x\"/>"
		"<text x=\"%.2f\" y=\"%d\">",
		LEFT + p->x[i], y, width > 0.6 ? width - 0.5 : 0.1, ROW - 1, colour(n),
		LEFT + p->x[i] + 3, y + 12);
	if (room >= 3)
		put_text(p->out, n->name, SIZE_MAX, (size_t)room);
	fputs("</text></g>\n", p->out);
}

static int write_flamegraph(const struct report *r, FILE *out)
{
	struct flame_tree tree;
	struct paper p = {.out = out, .tree = &tree};
	int err = flame_tree__build(r, &tree);

	if (err)
		return err;
	p.x = calloc(tree.nodes.n + 1, sizeof(*p.x));
	if (!p.x) {
		flame_tree__free(&tree);
		return -ENOMEM;
	}
	p.height = TOP + BOTTOM + (tree.depth ? (int)tree.depth : 1) * ROW;
	put_head(&p, r);
	for (size_t i = 0; i < tree.nodes.n; i++)
		put_node(&p, i);
	if (!tree.nodes.n)
		fprintf(out,
			"<text x=\"600\" y=\"%d\" text-anchor=\"middle\">no code paths in this "
			"report</text>\n",
			TOP + 12);
	put_foot(&p, r);
	free(p.x);
	flame_tree__free(&tree);
	if (fflush(out) || ferror(out))
		return errno ? -errno : -EIO;
	return 0;
}

const struct sink flamegraph_sink = {
	.name = "flamegraph",
	.help = "code paths as one SVG file for a browser: zoom, search, bytes on hover",
	.write = write_flamegraph,
};
