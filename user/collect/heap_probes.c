/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files with allocation functions, and probes in them. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "collect/bpf/uprobe_multi.h"
#include "collect/heap_part.h"

static const char *const programs[_MT_HEAP_KIND_MAX] = {
	[MT_HEAP_MALLOC] = "heap_malloc",   [MT_HEAP_CALLOC] = "heap_calloc",
	[MT_HEAP_ALIGNED] = "heap_aligned", [MT_HEAP_POSIX] = "heap_posix",
	[MT_HEAP_REALLOC] = "heap_realloc", [MT_HEAP_REALLOC_N] = "heap_realloc_n",
	[MT_HEAP_FREE] = "heap_free",
};

int heap_file__find(struct heap *h, int fd, bool keep, uint32_t *ret)
{
	struct heap_file file = {.fd = keep ? fd : -1};
	struct stat st;
	int err;

	if (fstat(fd, &st))
		memset(&st, 0, sizeof(st));
	file.dev = st.st_dev;
	file.inode = st.st_ino;
	for (uint32_t i = 0; i < h->files.n; i++) {
		if (h->files.v[i].dev != file.dev || h->files.v[i].inode != file.inode)
			continue;
		*ret = i;
		cleanup_close(&file.fd);
		return 0;
	}
	err = heap_functions__read(fd, &file.functions);
	if (!err)
		err = vec_push(&h->files, file);
	if (err) {
		vec_free(&file.functions);
		cleanup_close(&file.fd);
		return err;
	}
	vec_for_each(f, &file.functions)
		h->counts.dear += !f->emulated;
	*ret = (uint32_t)h->files.n - 1;
	return 0;
}

struct place {
	pid_t pid;
	char file[32]; /* /proc/self/fd/N: whatever its name is by now */
	uint64_t offset;
};

static int attach(struct heap *h, struct heap_watched *w, const char *program, bool at_return,
		  const struct place *at)
{
	LIBBPF_OPTS(bpf_uprobe_opts, opts, .retprobe = at_return);
	struct bpf_program *prog = bpf_object__find_program_by_name(h->obj, program);
	struct bpf_link *link =
		prog ? bpf_program__attach_uprobe_opts(prog, at->pid, at->file, at->offset, &opts)
		     : NULL;
	int err = link ? vec_push(&w->links, link) : -errno;

	if (err && link)
		bpf_link__destroy(link);
	if (err)
		log_debug_errno(err, "probe %s in pid %d", program, (int)at->pid);
	return err;
}

/* One program for entry and return. */
static int attach_session(struct heap *h, struct heap_watched *w, const struct heap_function *f,
			  const struct place *at)
{
	const struct uprobe_place place = {at->pid, at->file, at->offset,
					   f->leaf ? MT_HEAP_LEAF : 0};
	struct bpf_program *prog = bpf_object__find_program_by_name(h->obj, programs[f->kind]);
	int fd = prog ? uprobe_multi_attach(prog, &place) : -ENOENT;
	int err = fd < 0 ? fd : vec_push(&w->links.fds, fd);

	if (err && fd >= 0)
		close(fd);
	if (err)
		log_debug_errno(err, "probe %s in pid %d", programs[f->kind], (int)at->pid);
	return err;
}

/* Entry and return share an instruction, so that they share a trap. The return first: an entry
 * without it would leave its thread in a call. */
int heap_probes__attach_one(struct heap *h, struct heap_watched *w, int fd,
			    const struct heap_function *f)
{
	struct place at = {.pid = (pid_t)w->id.pid, .offset = f->offset};
	int err = 0;

	snprintf(at.file, sizeof(at.file), "/proc/self/fd/%d", fd);
	if (h->session)
		return attach_session(h, w, f, &at);
	if (f->kind != MT_HEAP_FREE)
		err = attach(h, w, "heap_return", true, &at);
	return err ? err : attach(h, w, programs[f->kind], false, &at);
}

int heap_probes__attach(struct heap *h, struct heap_watched *w, uint32_t file, int fd)
{
	vec_for_each(known, &w->probed)
		if (*known == file)
			return 0;
	vec_for_each(f, &h->files.v[file].functions)
		if (heap_probes__attach_one(h, w, fd, f))
			h->counts.probes_failed++;
	return vec_push(&w->probed, file);
}
