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

/* Entry and return share an instruction, so that they share a trap. The return first: an entry
 * without it would leave its thread in a call. */
static int attach_pair(struct heap *h, struct heap_watched *w, const struct heap_function *f,
		       const struct place *at)
{
	int err = 0;

	if (f->kind != MT_HEAP_FREE)
		err = attach(h, w, "heap_return", true, at);
	return err ? err : attach(h, w, programs[f->kind], false, at);
}

/* One link for n functions. 0 or -errno. */
static int attach_session(struct heap *h, struct heap_watched *w, const char *file,
			  const struct heap_function *f, size_t n, bool trial)
{
	uint64_t offsets[HEAP_FUNCTIONS_MAX], cookies[HEAP_FUNCTIONS_MAX];
	const struct uprobe_places places = {(pid_t)w->id.pid, file, offsets, cookies, (uint32_t)n};
	int fd, err;

	for (size_t i = 0; i < n; i++) {
		offsets[i] = f[i].offset;
		cookies[i] = f[i].kind | (f[i].leaf ? MT_HEAP_COOKIE_LEAF : 0) |
			     (trial ? MT_HEAP_COOKIE_TRIAL : 0);
	}
	fd = uprobe_multi_attach(bpf_object__find_program_by_name(h->obj, HEAP_SESSION_PROGRAM),
				 &places);
	err = fd < 0 ? fd : vec_push(&w->links.fds, fd);
	if (err && fd >= 0)
		close(fd);
	if (err)
		log_debug_errno(err, "%zu probes in pid %d", n, (int)places.pid);
	return err;
}

/* All at once; one by one when one of them is refused. */
static size_t place_sessions(struct heap *h, struct heap_watched *w, const char *file,
			     const struct heap_functions *functions, bool trial)
{
	size_t failed = 0;

	for (size_t i = 0; i < functions->n; i += HEAP_FUNCTIONS_MAX) {
		const struct heap_function *f = &functions->v[i];
		size_t n = functions->n - i;

		if (n > HEAP_FUNCTIONS_MAX)
			n = HEAP_FUNCTIONS_MAX;
		if (!attach_session(h, w, file, f, n, trial))
			continue;
		for (size_t j = 0; j < n; j++)
			failed += attach_session(h, w, file, &f[j], 1, trial) != 0;
	}
	return failed;
}

size_t heap_probes__place(struct heap *h, struct heap_watched *w, int fd,
			  const struct heap_functions *functions, bool trial)
{
	struct place at = {.pid = (pid_t)w->id.pid};
	size_t failed = 0;

	snprintf(at.file, sizeof(at.file), "/proc/self/fd/%d", fd);
	if (h->session)
		return place_sessions(h, w, at.file, functions, trial);
	vec_for_each(f, functions) {
		at.offset = f->offset;
		failed += attach_pair(h, w, f, &at) != 0;
	}
	return failed;
}

int heap_probes__attach(struct heap *h, struct heap_watched *w, uint32_t file, int fd)
{
	vec_for_each(known, &w->probed)
		if (*known == file)
			return 0;
	h->counts.probes_failed += heap_probes__place(h, w, fd, &h->files.v[file].functions, false);
	return vec_push(&w->probed, file);
}
