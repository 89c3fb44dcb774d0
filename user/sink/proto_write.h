/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The protocol buffer wire format, as far as pprof needs it: varints, strings,
 * messages within messages, packed numbers. Appends to a strbuf, whose `failed`
 * tells of missing memory.
 */
#pragma once

#include <stdint.h>

#include "base/str.h"

void proto_varint(struct strbuf *b, uint64_t n);
/* Fields of a message; 0 and empty are the defaults and are left out. */
void proto_u64(struct strbuf *b, uint32_t field, uint64_t n);
void proto_i64(struct strbuf *b, uint32_t field, int64_t n);
/* Always written: a string of a table counts by its place. */
void proto_bytes(struct strbuf *b, uint32_t field, const char *s, size_t len);
/* A message or packed numbers, whose bytes are in `inner`; empties it. */
void proto_inner(struct strbuf *b, uint32_t field, struct strbuf *inner);
