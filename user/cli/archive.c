/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/archive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define BLOCK 512
#define GZIP_WINDOW (15 + 16) /* + 16: a gzip header, not zlib's */
#define MEMORY_LEVEL 8
/* 11 octal digits. */
#define MEMBER_MAX ((8ull << 30) - 1)

struct archive {
	FILE *out;
	z_stream z;
	uint64_t time_s;
	int err;
};

/* POSIX.1-1988 "ustar" header; all fields are text, numbers octal. */
struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type;
	char link[100], magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155];
	char pad[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a tar block");

int archive__open(FILE *out, uint64_t time_s, struct archive **ret)
{
	struct archive *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	a->out = out;
	a->time_s = time_s;
	if (deflateInit2(&a->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY_LEVEL,
			 Z_DEFAULT_STRATEGY) != Z_OK) {
		free(a);
		return -ENOMEM;
	}
	*ret = a;
	return 0;
}

static void put(struct archive *a, const void *data, size_t len, int flush)
{
	unsigned char buf[32768] = {0};

	a->z.next_in = (unsigned char *)data;
	a->z.avail_in = (uInt)len;
	do {
		size_t n;

		a->z.next_out = buf;
		a->z.avail_out = sizeof(buf);
		deflate(&a->z, flush);
		n = sizeof(buf) - a->z.avail_out;
		if (!a->err && n && fwrite(buf, 1, n, a->out) != n)
			a->err = errno ? -errno : -EIO;
	} while (!a->z.avail_out);
}

static void put_large(struct archive *a, const char *data, size_t len)
{
	while (len) {
		size_t n = len < 1 << 20 ? len : 1 << 20;

		put(a, data, n, Z_NO_FLUSH);
		data += n;
		len -= n;
	}
}

static void set_checksum(struct header *h)
{
	unsigned int sum = 0;

	memset(h->checksum, ' ', sizeof(h->checksum));
	for (size_t i = 0; i < sizeof(*h); i++)
		sum += ((const unsigned char *)h)[i];
	snprintf(h->checksum, sizeof(h->checksum), "%06o", sum & 0777777);
}

int archive__add(struct archive *a, const char *name, const char *data, size_t len)
{
	static const char zeros[BLOCK];
	struct header h = {.type = '0', .magic = "ustar", .version = {'0', '0'}};

	if (strlen(name) >= sizeof(h.name))
		return -ENAMETOOLONG;
	if (len > MEMBER_MAX)
		return -EFBIG;
	memcpy(h.name, name, strlen(name));
	snprintf(h.mode, sizeof(h.mode), "%07o", 0600);
	snprintf(h.uid, sizeof(h.uid), "%07o", 0);
	snprintf(h.gid, sizeof(h.gid), "%07o", 0);
	snprintf(h.size, sizeof(h.size), "%011llo", (unsigned long long)len);
	snprintf(h.mtime, sizeof(h.mtime), "%011llo",
		 (unsigned long long)(a->time_s & 077777777777ull));
	set_checksum(&h);
	put(a, &h, sizeof(h), Z_NO_FLUSH);
	put_large(a, data, len);
	if (len % BLOCK)
		put(a, zeros, BLOCK - len % BLOCK, Z_NO_FLUSH);
	return a->err;
}

int archive__close(struct archive *a)
{
	static const char zeros[2 * BLOCK];
	int err;

	put(a, zeros, sizeof(zeros), Z_FINISH);
	deflateEnd(&a->z);
	err = a->err;
	free(a);
	return err;
}
