/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

static int create(struct log_file *f)
{
	int fd = create_file_at(f->dirfd, f->name);

	if (fd < 0)
		return fd;
	/* Whoever truncates it (copytruncate) gets no hole. */
	fcntl(fd, F_SETFL, O_APPEND);
	f->fd = fd;
	return 0;
}

int log_file__create(struct log_file *f, int dirfd, const char *name, uint64_t max_bytes)
{
	*f = (struct log_file){.dirfd = dirfd, .fd = -1, .max_bytes = max_bytes};
	snprintf(f->name, sizeof(f->name), "%s", name);
	return create(f);
}

void log_file__set_head(struct log_file *f, struct strbuf *head)
{
	strbuf_free(&f->head);
	f->head = *head;
	*head = (struct strbuf){};
}

/* One of ours by this name, else a new one. A link or another's file is not written to. */
static int open_again(struct log_file *f)
{
	struct stat st;
	int fd = openat(f->dirfd, f->name,
			O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return errno == ENOENT ? create(f) : -errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1) {
		close(fd);
		return -EPERM;
	}
	f->fd = fd;
	return 0;
}

void log_file__reopen(struct log_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

static int rotate(struct log_file *f)
{
	char old[LOG_NAME_SIZE + 8];

	snprintf(old, sizeof(old), "%s.1", f->name);
	if (renameat(f->dirfd, f->name, f->dirfd, old))
		return -errno;
	f->n_rotated++;
	log_file__reopen(f);
	return create(f);
}

/* All of it or nothing: what was written of a block that does not fit is cut off again. */
static int write_whole(struct log_file *f, uint64_t size, const char *p, size_t len)
{
	int err;

	for (size_t done = 0; done < len;) {
		ssize_t n = write(f->fd, p + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			err = n < 0 ? -errno : -EIO;
			if (ftruncate(f->fd, (off_t)size))
				log_debug_errno(errno, "%s: half a block stays", f->name);
			return err;
		}
		done += (size_t)n;
	}
	return 0;
}

static int append(struct log_file *f, const char *block, size_t len)
{
	struct strbuf both = {};
	struct stat st;
	int err = 0;

	/* Gone from its directory: nobody would find what is written to it. */
	if (f->fd >= 0 && !fstat(f->fd, &st) && !st.st_nlink)
		log_file__reopen(f);
	if (f->fd < 0)
		err = open_again(f);
	if (!err && fstat(f->fd, &st))
		err = -errno;
	if (!err && st.st_size && (uint64_t)st.st_size + len > f->max_bytes) {
		err = rotate(f);
		st.st_size = 0;
	}
	if (err)
		return err;
	if (st.st_size)
		return write_whole(f, (uint64_t)st.st_size, block, len);
	strbuf_add(&both, f->head.s ?: "", f->head.len);
	strbuf_add(&both, block, len);
	err = both.failed ? -ENOMEM : write_whole(f, 0, both.s, both.len);
	strbuf_free(&both);
	return err;
}

void log_file__append(struct log_file *f, const char *block, size_t len)
{
	int err = append(f, block, len);

	if (err) {
		f->n_lost++;
		f->lost_bytes += len;
		if (!f->failing)
			log_warning_errno(err, "%s: cannot be written, going on", f->name);
	} else if (f->failing) {
		log_warning("%s: written again; %llu samples (%llu bytes) are missing", f->name,
			    (unsigned long long)f->n_lost, (unsigned long long)f->lost_bytes);
	}
	f->failing = err != 0;
}

void log_file__close(struct log_file *f)
{
	log_file__reopen(f);
	strbuf_free(&f->head);
}
