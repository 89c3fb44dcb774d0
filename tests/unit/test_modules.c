/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "collect/modules.h"
#include "fixture.h"

/* The file that this program itself was started from. */
static int own_module(struct modules *t, int proc_fd, struct module **ret)
{
	const struct proc_id self = {.pid = (uint32_t)getpid()};
	char *text = NULL;
	size_t cap = 0;
	ssize_t n = read_file_grow(proc_fd, "maps", &text, &cap, 1 << 20);
	struct cursor maps = {text, text + (n > 0 ? n : 0)};
	struct map_line line;
	int err = -ENOENT;

	while (err == -ENOENT && !proc_maps_next(&maps, &line))
		if (line.exec)
			err = modules__of_map(t, proc_fd, self, &line, ret);
	free(text);
	return err;
}

/* However many spaces map a file, it is read once: each gets a reference to one handle. */
static void a_file_is_read_once(void **state)
{
	int proc_fd = open_root("/proc/self");
	struct modules t = {0};
	struct module *first, *second;
	Elf *a, *b;

	elf_version(EV_CURRENT);
	assert_int_equal(own_module(&t, proc_fd, &first), 0);
	assert_int_equal(own_module(&t, proc_fd, &second), 0);
	assert_ptr_equal(first, second);
	assert_non_null(first->elf);
	a = elf_begin(first->fd, ELF_C_READ, first->elf);
	b = elf_begin(second->fd, ELF_C_READ, second->elf);
	assert_true(a == first->elf && b == first->elf);
	/* who gives his back takes it from nobody */
	elf_end(a);
	assert_int_equal(elf_kind(first->elf), ELF_K_ELF);
	modules__free(&t);
	assert_int_equal(elf_kind(b), ELF_K_ELF);
	assert_int_equal(elf_end(b), 0);
	close(proc_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_file_is_read_once)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
