/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a command will allocate with, found before it runs: its first allocations
 * are seen only by probes that wait for its files to be mapped. Those found later
 * are told in the limits.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include <gelf.h>

#include "base/cleanup.h"
#include "collect/heap_part.h"

#define N_ELEMS(a) (sizeof(a) / sizeof((a)[0]))
#define DYNAMIC_MAX 4096

/* Where systems keep the libraries of x86-64. */
static const char *const lib_dirs[] = {
	"lib64",   "usr/lib64",	    "lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu",
	"usr/lib", "usr/local/lib",
};

static int add(struct heap *h, int fd)
{
	uint32_t file;
	struct stat st;
	int err;

	if (fd < 0)
		return 0;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return 0;
	}
	err = heap_file__find(h, fd, true, &file);
	if (err || !h->files.v[file].functions.n)
		return err;
	vec_for_each(known, &h->candidates)
		if (*known == file)
			return 0;
	return vec_push(&h->candidates, file);
}

/* A name as the dynamic loader is told it: with a path, or to be found where libraries are. */
static int add_named(struct heap *h, const char *name, size_t len)
{
	char path[4096];
	int err = 0;

	if (!len || len >= sizeof(path) - 64)
		return 0;
	if (memchr(name, '/', len)) {
		snprintf(path, sizeof(path), "%.*s", (int)len, name);
		return add(h, open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
	}
	for (size_t i = 0; !err && i < N_ELEMS(lib_dirs); i++) {
		snprintf(path, sizeof(path), "%s/%.*s", lib_dirs[i], (int)len, name);
		err = add(h, openat(h->root_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
	}
	return err;
}

static int add_preloaded(struct heap *h)
{
	const char *p = getenv("LD_PRELOAD") ?: "";
	int err = 0;

	while (!err && *p) {
		size_t len = strcspn(p, ": ");

		err = add_named(h, p, len);
		p += len + (p[len] != '\0');
	}
	return err;
}

static int add_dynamic(struct heap *h, Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	GElf_Dyn dyn;
	int err = 0;

	for (int i = 0; !err && data && i < DYNAMIC_MAX && gelf_getdyn(data, i, &dyn); i++) {
		const char *name = dyn.d_tag == DT_NEEDED
					   ? elf_strptr(elf, sh->sh_link, dyn.d_un.d_val)
					   : NULL;

		if (name)
			err = add_named(h, name, strlen(name));
	}
	return err;
}

static int add_needed(struct heap *h, int fd)
{
	Elf *elf = elf_begin(fd, ELF_C_READ, NULL);
	Elf_Scn *scn = NULL;
	GElf_Shdr sh;
	int err = 0;

	while (elf && !err && (scn = elf_nextscn(elf, scn)))
		if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_DYNAMIC)
			err = add_dynamic(h, elf, scn, &sh);
	elf_end(elf);
	return err;
}

/* As execvp() finds it. */
static int open_command(const char *command)
{
	const char *path = getenv("PATH") ?: "/bin:/usr/bin", *end;
	char name[4096];
	int fd;

	if (strchr(command, '/'))
		return open(command, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	for (;; path = end + 1) {
		end = strchrnul(path, ':');
		snprintf(name, sizeof(name), "%.*s/%s", (int)(end - path), path, command);
		fd = access(name, X_OK) ? -1 : open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (fd >= 0 || !*end)
			return fd;
	}
}

int heap_candidates__find(struct heap *h, const char *command)
{
	_cleanup_close_ int fd = open_command(command);
	int err = 0;

	elf_version(EV_CURRENT);
	if (fd >= 0) {
		err = add(h, dup(fd));
		if (!err)
			err = add_needed(h, fd);
	}
	return err ? err : add_preloaded(h);
}
