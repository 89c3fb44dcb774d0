/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Go's table of functions, as a hostile file has it. */
#include <assert.h>
#include <string.h>

#include "symbol/go_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct go_table t = {.data = data, .size = size, .text_start = 0x401000};
	struct function_table f = {};
	const char *name;

	go_table__add_to(&t, &f);
	assert(go_table__text_word(&t) <= size + 24);
	assert(!function_table__sort(&f));
	vec_for_each(s, &f.functions)
		assert(s->size && strlen(s->name) < size);
	name = function_table__find(&f, 0x401000);
	assert(!name || *name);
	function_table__free(&f);
	return 0;
}
