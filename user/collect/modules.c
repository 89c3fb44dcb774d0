/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <elfutils/libdwelf.h>
#include <gelf.h>
#include <linux/openat2.h>

#include "base/cleanup.h"
#include "base/log.h"

#define NAME_MAX_BYTES 4096
#define PHDRS_MAX 64

/* The kernel marks the path of a file that has no name any more. */
static struct cursor without_deleted(struct cursor path)
{
	static const char mark[] = " (deleted)";
	size_t n = sizeof(mark) - 1;

	if ((size_t)(path.end - path.p) > n && !memcmp(path.end - n, mark, n))
		path.end -= n;
	return path;
}

static bool is_file(const struct map_line *map)
{
	return map->inode && map->path.p < map->path.end && *map->path.p == '/';
}

static bool is_regular(int fd, uint64_t inode)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (!inode || st.st_ino == inode);
}

/* The mapped file itself, whatever its name is now: takes CAP_CHECKPOINT_RESTORE (5.9) or
 * CAP_SYS_ADMIN. */
static int open_mapped(int proc_fd, const struct map_line *map)
{
	char path[64];

	snprintf(path, sizeof(path), "map_files/%llx-%llx", (unsigned long long)map->start,
		 (unsigned long long)map->end);
	return openat(proc_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* By its name, below the root directory of its process, whose links must not lead out. */
static int open_named(int proc_fd, const struct map_line *map)
{
	const struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	struct cursor path = without_deleted(map->path);
	_cleanup_close_ int root = openat(proc_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char name[NAME_MAX_BYTES];

	if (root < 0 || !cursor_copy(path, name, sizeof(name)))
		return -1;
	return syscall(SYS_openat2, root, name, &how, sizeof(how));
}

static int open_file(int proc_fd, const struct map_line *map)
{
	_cleanup_close_ int fd = open_mapped(proc_fd, map);

	if (fd >= 0 && is_regular(fd, 0))
		return TAKE_FD(fd);
	cleanup_close(&fd);
	fd = open_named(proc_fd, map);
	return fd >= 0 && is_regular(fd, map->inode) ? TAKE_FD(fd) : -1;
}

static void read_segment(struct module *m, const GElf_Phdr *ph)
{
	uint64_t low = ph->p_vaddr & -(ph->p_align ?: 1), high = ph->p_vaddr + ph->p_memsz;

	if (ph->p_type != PT_LOAD || high <= low)
		return;
	if (low < m->low)
		m->low = low;
	if (high > m->high)
		m->high = high;
	if (ph->p_flags & PF_X && m->n_exec < MODULE_SEGMENTS_MAX)
		m->exec[m->n_exec++] =
			(struct module_segment){ph->p_offset, ph->p_filesz, ph->p_vaddr};
}

static char *hex_of(const unsigned char *bytes, size_t n)
{
	char *s = malloc(2 * n + 1);

	for (size_t i = 0; s && i < n; i++)
		snprintf(s + 2 * i, 3, "%02x", bytes[i]);
	return s;
}

static int read_elf(struct module *m, Elf *elf)
{
	const void *id;
	ssize_t id_len;
	GElf_Ehdr eh;
	size_t n;

	if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &eh) || elf_getphdrnum(elf, &n) ||
	    !n || n > PHDRS_MAX)
		return -ENOEXEC;
	m->entry = eh.e_entry;
	m->low = UINT64_MAX;
	for (size_t i = 0; i < n; i++) {
		GElf_Phdr ph;

		if (gelf_getphdr(elf, (int)i, &ph))
			read_segment(m, &ph);
	}
	if (!m->n_exec)
		return -ENOEXEC;
	id_len = dwelf_elf_gnu_build_id(elf, &id);
	if (id_len > 0 && id_len <= 64) {
		m->code.build_id = hex_of(id, id_len);
		if (!m->code.build_id)
			return -ENOMEM;
	}
	return 0;
}

/* ELF_C_READ: a file that is mapped and gets shorter would end us with a SIGBUS. */
static void read_file(struct modules *t, struct module *m, int proc_fd, const struct map_line *map)
{
	_cleanup_close_ int fd = t->n_files < MODULE_FILES_MAX ? open_file(proc_fd, map) : -1;
	Elf *elf = fd >= 0 ? elf_begin(fd, ELF_C_READ, NULL) : NULL;

	if (!elf || read_elf(m, elf)) {
		t->n_unreadable++;
		m->n_exec = 0;
	} else {
		m->fd = TAKE_FD(fd);
		m->elf = TAKE_PTR(elf);
		m->root_fd = openat(proc_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
		t->n_files += 1 + (m->root_fd >= 0);
	}
	elf_end(elf);
}

/* Ours is the same: there is one a kernel for programs of one kind. It ends with its section
 * headers, as the linker writes it. */
Elf *module_vdso_elf(void)
{
	Elf64_Ehdr *h = (Elf64_Ehdr *)getauxval(AT_SYSINFO_EHDR);

	return h ? elf_memory((char *)h, h->e_shoff + (size_t)h->e_shnum * h->e_shentsize) : NULL;
}

static void read_vdso(struct module *m)
{
	Elf *elf = module_vdso_elf();

	if (!elf || read_elf(m, elf))
		m->n_exec = 0;
	elf_end(elf);
}

static struct module *find(const struct modules *t, const struct module *like)
{
	vec_for_each(m, &t->v) {
		const struct module *it = *m;

		if (it->code.kind != like->code.kind || it->dev != like->dev ||
		    it->inode != like->inode || !proc_id_equal(it->code.proc, like->code.proc))
			continue;
		if (!it->code.name == !like->code.name &&
		    (!it->code.name || !strcmp(it->code.name, like->code.name)))
			return *m;
	}
	return NULL;
}

static void module_free(struct module *m)
{
	if (!m)
		return;
	elf_end(m->elf);
	cleanup_close(&m->fd);
	cleanup_close(&m->root_fd);
	code_module__clear(&m->code);
	free(m);
}

static void module_freep(struct module **m)
{
	module_free(*m);
}

int modules__of_map(struct modules *t, int proc_fd, struct proc_id proc, const struct map_line *map,
		    struct module **ret)
{
	_cleanup_(module_freep) struct module *m = calloc(1, sizeof(*m));
	struct cursor name = without_deleted(map->path);
	struct module *known;
	int err;

	if (!m)
		return -ENOMEM;
	m->fd = m->root_fd = -1;
	m->code.kind = is_file(map) ? CODE_FILE : CODE_JIT;
	if (cursor_is(map->path, "[vdso]"))
		m->code.kind = CODE_VDSO;
	if (m->code.kind == CODE_JIT) {
		m->code.proc = proc;
		name.p = name.end; /* one for all such memory of a process */
	}
	if (m->code.kind == CODE_FILE) {
		m->dev = map->dev;
		m->inode = map->inode;
	}
	m->code.name = name.p < name.end ? strndup(name.p, name.end - name.p) : NULL;
	known = find(t, m);
	if (known) {
		*ret = known;
		return 0;
	}
	if (t->v.n >= MODULES_MAX) {
		t->n_over++;
		return -ENOSPC;
	}
	if (m->code.kind == CODE_FILE)
		read_file(t, m, proc_fd, map);
	else if (m->code.kind == CODE_VDSO)
		read_vdso(m);
	m->code.id = t->v.n + 1;
	err = vec_push(&t->v, m);
	if (!err)
		*ret = TAKE_PTR(m);
	return err;
}

int modules__kernel(struct modules *t, int root_fd, uint32_t *ret_id)
{
	_cleanup_(module_freep) struct module *m = calloc(1, sizeof(*m));
	int err;

	if (!m)
		return -ENOMEM;
	m->root_fd = -1;
	m->fd = openat(root_fd, "proc/kallsyms", O_RDONLY | O_CLOEXEC);
	m->code.kind = CODE_KERNEL;
	m->code.name = strdup("[kernel]");
	m->code.id = t->v.n + 1;
	err = m->code.name ? vec_push(&t->v, m) : -ENOMEM;
	if (err)
		return err;
	*ret_id = m->code.id;
	m = NULL;
	return 0;
}

int modules__of_kernel(struct modules *t, const char *name, uint32_t *ret_id)
{
	_cleanup_(module_freep) struct module *m = calloc(1, sizeof(*m));
	struct module *known;
	int err;

	if (!m)
		return -ENOMEM;
	m->fd = m->root_fd = -1;
	m->code.kind = CODE_KERNEL;
	m->code.name = strdup(name);
	if (!m->code.name)
		return -ENOMEM;
	known = find(t, m);
	if (known) {
		*ret_id = known->code.id;
		return 0;
	}
	if (t->v.n >= MODULES_MAX) {
		t->n_over++;
		return -ENOSPC;
	}
	m->code.id = t->v.n + 1;
	err = vec_push(&t->v, m);
	if (!err)
		*ret_id = TAKE_PTR(m)->code.id;
	return err;
}

int module__bias(const struct module *m, const struct map_line *map, uint64_t *ret)
{
	uint64_t page = getpagesize();

	if (m->code.kind == CODE_JIT) {
		*ret = 0;
		return 0;
	}
	if (m->code.kind == CODE_VDSO) {
		*ret = map->start - m->low;
		return m->n_exec ? 0 : -ENOENT;
	}
	for (uint32_t i = 0; i < m->n_exec; i++) {
		const struct module_segment *s = &m->exec[i];

		if (map->offset + page <= s->offset || map->offset >= s->offset + s->size)
			continue;
		*ret = map->start + s->offset - map->offset - s->vaddr;
		return 0;
	}
	return -ENOENT;
}

struct module *modules__get(const struct modules *t, uint32_t id)
{
	return id && id <= t->v.n ? t->v.v[id - 1] : NULL;
}

void modules__free(struct modules *t)
{
	vec_for_each(m, &t->v)
		module_free(*m);
	vec_free(&t->v);
}
