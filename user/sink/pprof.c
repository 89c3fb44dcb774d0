/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A gzip'd profile.proto, for pprof and the services that take it. */
#include "sink/sink.h"

#include <errno.h>
#include <zlib.h>

#include "base/str.h"
#include "sink/pprof_profile.h"

#define WINDOW_BITS (15 + 16) /* the largest window; 16: with gzip's head, which has no time */
#define MEMORY_LEVEL 8

static int write_gzip(const struct strbuf *b, FILE *out)
{
	unsigned char buf[16384];
	z_stream z = {.next_in = (unsigned char *)b->s, .avail_in = (uInt)b->len};
	int state = Z_OK, err = 0;

	if (b->len > UINT32_MAX)
		return -EFBIG;
	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	while (state == Z_OK && !err) {
		size_t n;

		z.next_out = buf;
		z.avail_out = sizeof(buf);
		state = deflate(&z, Z_FINISH);
		n = sizeof(buf) - z.avail_out;
		if (fwrite(buf, 1, n, out) != n)
			err = errno ? -errno : -EIO;
	}
	deflateEnd(&z);
	return err ? err : state == Z_STREAM_END ? 0 : -EIO;
}

static int write_pprof(const struct report *r, FILE *out)
{
	struct strbuf b = {0};
	int err = pprof_profile(r, &b);

	if (!err)
		err = write_gzip(&b, out);
	strbuf_free(&b);
	if (!err && fflush(out))
		err = errno ? -errno : -EIO;
	return err;
}

const struct sink pprof_sink = {
	.name = "pprof",
	.help = "code paths as a gzip'd profile.proto: go tool pprof, and services that take it",
	.binary = true,
	.write = write_pprof,
};
