/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sink/proto_write.h"

enum { WIRE_VARINT = 0, WIRE_LENGTH = 2 };

void proto_varint(struct strbuf *b, uint64_t n)
{
	char buf[10];
	size_t len = 0;

	for (; n >= 0x80; n >>= 7)
		buf[len++] = (char)(n | 0x80);
	buf[len++] = (char)n;
	strbuf_add(b, buf, len);
}

static void tag(struct strbuf *b, uint32_t field, uint32_t wire)
{
	proto_varint(b, (uint64_t)field << 3 | wire);
}

void proto_u64(struct strbuf *b, uint32_t field, uint64_t n)
{
	if (!n)
		return;
	tag(b, field, WIRE_VARINT);
	proto_varint(b, n);
}

void proto_i64(struct strbuf *b, uint32_t field, int64_t n)
{
	proto_u64(b, field, (uint64_t)n); /* negative: all ten bytes */
}

void proto_bytes(struct strbuf *b, uint32_t field, const char *s, size_t len)
{
	tag(b, field, WIRE_LENGTH);
	proto_varint(b, len);
	strbuf_add(b, s, len);
}

void proto_inner(struct strbuf *b, uint32_t field, struct strbuf *inner)
{
	if (inner->failed)
		b->failed = true;
	proto_bytes(b, field, inner->s, inner->len);
	inner->len = 0;
}
