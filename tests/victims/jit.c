/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Code that no file has: made at run time, and told in /tmp/perf-PID.map as JITs do. */
#include "victim.h"

#if defined(__x86_64__)
/* void grow(char *mem, size_t pages): one byte into each 4 KiB page */
static const unsigned char code[] = {
	0xc6, 0x07, 0x01,			  /* movb $1, (%rdi) */
	0x48, 0x81, 0xc7, 0x00, 0x10, 0x00, 0x00, /* add $4096, %rdi */
	0x48, 0xff, 0xce,			  /* dec %rsi */
	0x75, 0xf1,				  /* jnz to the beginning */
	0xc3,					  /* ret */
};
#else
static const unsigned char code[] = {0};
#endif

/* Returns the name of the map. */
static const char *tell_code(const void *start)
{
	static char name[64];
	FILE *f;

	snprintf(name, sizeof(name), "/tmp/perf-%d.map", (int)getpid());
	f = fopen(name, "we");
	if (!f)
		die("%s: %s", name, strerror(errno));
	fprintf(f, "%lx %zx old_name\n%lx %zx jit_grow\n", (unsigned long)start, sizeof(code),
		(unsigned long)start, sizeof(code));
	fclose(f);
	return name;
}

int main(int argc, char **argv)
{
	bool late = false;
	const struct victim_option own[] = {
		{"late", VICTIM_FLAG, &late, "tell the code's name after it has run, not before"},
		{0},
	};
	size_t held;
	char *mem;
	void *jit;
	const char *map = NULL;

	victim_init(argc, argv, "jit", "Grows from code made at run time.", own);
	if (sizeof(code) == 1 || page_size() != 4096)
		victim_skip("code for this machine", ENOSYS);
	jit = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (jit == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	memcpy(jit, code, sizeof(code));
	if (mprotect(jit, 4096, PROT_READ | PROT_EXEC))
		victim_skip("mprotect", errno);
	if (!late)
		map = tell_code(jit);
	victim_begin();
	held = victim_bytes();
	mem = map_anon(held, MADV_NOHUGEPAGE);
	((void (*)(char *, size_t))jit)(mem, held / 4096);
	if (late) {
		victim_phase(); /* it has been seen without a name by then */
		map = tell_code(jit);
	}
	tell(&(struct truth){.kind = "anon",
			     .note = "held",
			     .pid = getpid(),
			     .held = held,
			     .touched = held},
	     "\"code_bytes\":%zu", sizeof(code));
	victim_hold();
	unlink(map);
	return 0;
}
