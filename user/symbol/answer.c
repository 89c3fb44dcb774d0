/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/answer.h"

#include <string.h>

enum { ANSWER_FRAMES = 'f', ANSWER_NOTE = 'n' };

static void put_u32(struct strbuf *b, uint32_t n)
{
	strbuf_add(b, (const char *)&n, sizeof(n));
}

/* Length, bytes, NUL; an absent string has no NUL and length 0. */
static void put_string(struct strbuf *b, const char *s)
{
	static const char cut[] = "...";
	size_t len = s ? strlen(s) : 0, keep = len;

	if (len > ANSWER_STRING_MAX)
		keep = ANSWER_STRING_MAX - (sizeof(cut) - 1);
	put_u32(b, s ? (uint32_t)(keep + (keep < len ? sizeof(cut) : 1)) : 0);
	if (!s)
		return;
	strbuf_add(b, s, keep);
	if (keep < len)
		strbuf_add(b, cut, sizeof(cut) - 1);
	strbuf_add(b, "", 1);
}

static void put_kind(struct strbuf *b, char kind)
{
	strbuf_add(b, &kind, 1);
}

void answer_put_frames(struct strbuf *b, uint32_t number, const struct path_frame *v, size_t n)
{
	if (n > ANSWER_FRAMES_MAX)
		n = ANSWER_FRAMES_MAX;
	put_kind(b, ANSWER_FRAMES);
	put_u32(b, number);
	put_u32(b, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		put_u32(b, v[i].line);
		put_u32(b, v[i].inlined);
		put_string(b, v[i].function);
		put_string(b, v[i].file);
	}
}

void answer_put_note(struct strbuf *b, enum note_kind kind, const char *file)
{
	put_kind(b, ANSWER_NOTE);
	put_u32(b, kind);
	put_string(b, file);
}

struct input {
	const char *p, *end;
	bool bad;
};

static uint32_t get_u32(struct input *in)
{
	uint32_t n = 0;

	if (in->bad || (size_t)(in->end - in->p) < sizeof(n)) {
		in->bad = true;
		return 0;
	}
	memcpy(&n, in->p, sizeof(n));
	in->p += sizeof(n);
	return n;
}

static const char *get_string(struct input *in)
{
	uint32_t size = get_u32(in);
	const char *s = in->p;

	if (!size)
		return NULL;
	if (in->bad || size > ANSWER_STRING_MAX + 1 || (size_t)(in->end - s) < size ||
	    memchr(s, '\0', size) != s + size - 1) {
		in->bad = true;
		return NULL;
	}
	in->p += size;
	return s;
}

static int read_frames(struct input *in, const struct answer_reader *r)
{
	struct path_frame v[ANSWER_FRAMES_MAX];
	uint32_t number = get_u32(in), n = get_u32(in);

	if (n > ANSWER_FRAMES_MAX)
		in->bad = true;
	for (uint32_t i = 0; i < n && !in->bad; i++) {
		v[i] = (struct path_frame){.line = get_u32(in), .inlined = get_u32(in) != 0};
		v[i].function = get_string(in);
		v[i].file = get_string(in);
	}
	return in->bad ? 0 : r->frames(r->arg, number, v, n);
}

static void read_note(struct input *in, const struct answer_reader *r)
{
	uint32_t kind = get_u32(in);
	const char *file = get_string(in);

	if (kind >= _NOTE_KIND_MAX)
		in->bad = true;
	if (!in->bad)
		r->note(r->arg, (enum note_kind)kind, file);
}

int answers_read(const char *data, size_t size, const struct answer_reader *r)
{
	struct input in = {data, data + size, false};
	int err = 0;

	while (!err && !in.bad && in.p < in.end) {
		switch (*in.p++) {
		case ANSWER_FRAMES:
			err = read_frames(&in, r);
			break;
		case ANSWER_NOTE:
			read_note(&in, r);
			break;
		default:
			in.bad = true;
		}
	}
	return err;
}
