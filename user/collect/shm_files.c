/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/shm_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/file.h"

/* Beginnings of names, the first that fits. */
static const struct {
	const char *prefix;
	enum shm_kind kind;
} kinds[] = {
	{"/memfd:", SHM_MEMFD},	 {"/SYSV", SHM_SEGMENT}, {"/dev/shm/", SHM_POSIX},
	{"/dev/zero", SHM_ANON}, {"", SHM_TMPFS},
};

static enum shm_kind kind_of(const char *name)
{
	size_t i = 0;

	while (strncmp(name, kinds[i].prefix, strlen(kinds[i].prefix)))
		i++;
	return kinds[i].kind;
}

/* The one with this number, made when it is not there; NULL with 0: too many. */
static int find_file(struct shm_files *s, const struct shm_file *like, struct shm_file **ret)
{
	const struct hmap_key key = {{like->dev, like->inode, 1}};
	uint32_t i;
	int err;

	*ret = NULL;
	if (hmap_get(&s->file_index, key, &i)) {
		*ret = &s->files.v[i];
		return 0;
	}
	if (s->files.n >= SHM_FILES_MAX) {
		s->n_skipped++;
		return 0;
	}
	err = vec_push(&s->files, *like);
	if (!err)
		err = hmap_put(&s->file_index, key, (uint32_t)(s->files.n - 1));
	if (!err)
		*ret = &s->files.v[s->files.n - 1];
	return err;
}

static int find_holder(struct shm_files *s, const struct shm_file *f, const struct proc_sample *p,
		       struct shm_holder **ret)
{
	const struct hmap_key key = {{f->dev, f->inode, (uint64_t)p->id.pid << 1}};
	struct shm_holder holder = {.dev = f->dev, .inode = f->inode, .id = p->id};
	uint32_t i;
	int err;

	*ret = NULL;
	if (hmap_get(&s->holder_index, key, &i)) {
		*ret = &s->holders.v[i];
		return 0;
	}
	if (s->holders.n >= SHM_HOLDERS_MAX) {
		s->n_skipped++;
		return 0;
	}
	memcpy(holder.comm, p->comm, COMM_SIZE);
	err = vec_push(&s->holders, holder);
	if (!err)
		err = hmap_put(&s->holder_index, key, (uint32_t)(s->holders.n - 1));
	if (!err)
		*ret = &s->holders.v[s->holders.n - 1];
	return err;
}

/* The holder's entry; NULL with 0: beyond a bound. */
static int hold(struct shm_files *s, const struct shm_file *like, const struct proc_sample *p,
		struct shm_holder **ret)
{
	size_t n_before = s->holders.n;
	struct shm_file *file;
	int err = find_file(s, like, &file);

	*ret = NULL;
	if (err || !file)
		return err;
	/* What a mapping does not tell, a descriptor may. */
	if (like->size_known && !file->size_known) {
		file->size_known = true;
		file->size = like->size;
		file->allocated = like->allocated;
	} else if (!file->size_known && like->size > file->size) {
		file->size = like->size;
	}
	err = find_holder(s, file, p, ret);
	file->n_holders += s->holders.n > n_before;
	return err;
}

static bool is_on_tmpfs(const struct tmpfs_list *tmpfs, uint64_t dev)
{
	vec_for_each(m, tmpfs)
		if (makedev(m->major, m->minor) == dev)
			return true;
	return false;
}

int shm_files__add_open(struct shm_files *s, const struct proc_sample *p,
			const struct open_files *files, const struct tmpfs_list *tmpfs)
{
	int err = 0;

	for (size_t i = 0; !err && i < files->n; i++) {
		const struct open_file *f = &files->v[i];
		struct shm_file like = {.dev = f->dev,
					.inode = f->inode,
					.is_deleted = f->is_deleted,
					.size_known = f->size_known,
					.size = f->size,
					.allocated = f->allocated};
		struct shm_holder *holder;

		/* size_known: dev and inode are, too, and it is a file (/dev/shm itself is
		 * none) */
		if (!f->size_known ||
		    (f->kind != FD_SHM && !(f->is_deleted && is_on_tmpfs(tmpfs, f->dev))))
			continue;
		like.kind = kind_of(f->target);
		snprintf(like.name, sizeof(like.name), "%.*s", (int)sizeof(like.name) - 1,
			 f->target);
		err = hold(s, &like, p, &holder);
		if (holder)
			holder->n_fds++;
	}
	return err;
}

int shm_files__add_mapping(struct shm_files *s, const struct proc_sample *p,
			   const struct mapping_line *m)
{
	struct shm_file like = {.dev = m->dev, .inode = m->inode, .is_deleted = m->is_deleted};
	struct shm_holder *holder;
	int err;

	if (mapping_class_of(m) != MAPPING_SHM || !m->inode)
		return 0;
	like.kind = kind_of(m->name);
	like.size = m->end - m->start;
	memcpy(like.name, m->name, sizeof(like.name));
	err = hold(s, &like, p, &holder);
	if (holder)
		holder->is_mapped = true;
	return err;
}

static int add_name(struct shm_files *s, int dir_fd, const char *name)
{
	struct shm_file like = {.kind = SHM_POSIX, .size_known = true}, *file;
	struct statx st;

	if (statx(dir_fd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &st)) {
		s->n_skipped += errno != ENOENT;
		return 0;
	}
	if (!S_ISREG(st.stx_mode))
		return 0; /* what a directory holds is in its file system's sum */
	like.dev = makedev(st.stx_dev_major, st.stx_dev_minor);
	like.inode = st.stx_ino;
	like.size = st.stx_size;
	like.allocated = st.stx_blocks * 512;
	snprintf(like.name, sizeof(like.name), "/dev/shm/%.160s", name);
	return find_file(s, &like, &file);
}

int shm_files__add_dir(struct shm_files *s, int root_fd)
{
	_cleanup_closedir_ DIR *dir = NULL;
	int err = open_dir_at(root_fd, "dev/shm", &dir);
	struct dirent *entry;

	if (err)
		return err;
	while (!err && (errno = 0, entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			err = add_name(s, dirfd(dir), entry->d_name);
	return err ? err : -errno;
}

void shm_files__free(struct shm_files *s)
{
	vec_free(&s->files);
	vec_free(&s->holders);
	hmap_free(&s->file_index);
	hmap_free(&s->holder_index);
}
