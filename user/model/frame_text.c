/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/frame_text.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#define N_ELEMS(a) (sizeof(a) / sizeof((a)[0]))

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

char *frame_name(char dst[static FRAME_NAME_SIZE], const struct path_frame *f)
{
	if (f->function)
		snprintf(dst, FRAME_NAME_SIZE, "%s", f->function);
	else if (f->module)
		snprintf(dst, FRAME_NAME_SIZE, "%s+0x%llx", base_name(f->module),
			 (unsigned long long)f->offset);
	else
		snprintf(dst, FRAME_NAME_SIZE, "[0x%llx]", (unsigned long long)f->offset);
	return dst;
}

/*
 * Patterns (fnmatch) of function and of the module's file name. A name alone
 * may be anybody's, so that common words ask for their module as well. The
 * program of a static binary is its own libc.
 */
static const struct {
	const char *what, *function, *module;
} boilerplate[] = {
	{"start of the program", "_start", "*"},
	{"start of the program", "__libc_start_main*", "*"},
	{"start of the program", "__libc_start_call_main", "*"},
	{"start of the program", "_start_c", "*"},
	{"start of the program", "libc_start_main_stage2", "*"},
	{"dynamic loader", "_dl_*", "*"},
	{"dynamic loader", "*", "ld-linux*"},
	{"dynamic loader", "*", "ld-musl*"},
	{"start of a thread", "clone", "*"},
	{"start of a thread", "clone3", "*"},
	{"start of a thread", "__clone*", "*"},
	{"start of a thread", "start_thread", "*"},
	{"start of a thread", "runtime.goexit*", "*"},
	{"start of the program", "runtime.main", "*"},
	{"start of the program", "std::rt::lang_start*", "*"},
	{"start of the program", "std::sys_common::backtrace::__rust_begin_short_backtrace", "*"},
	{"allocator", "*malloc*", "libc.so*"},
	{"allocator", "calloc", "libc.so*"},
	{"allocator", "realloc", "libc.so*"},
	{"allocator", "sysmalloc*", "*"},
	{"allocator", "_int_malloc", "*"},
	{"allocator", "_int_realloc", "*"},
	{"allocator", "_int_memalign", "*"},
	{"allocator", "_mid_memalign*", "*"},
	{"allocator", "tcache_init*", "*"},
	{"allocator", "ptmalloc_init*", "*"},
	{"allocator", "arena_get*", "libc.so*"},
	{"allocator", "*", "libjemalloc.so*"},
	{"allocator", "*", "libtcmalloc*.so*"},
	{"allocator", "*", "libmimalloc*.so*"},
	{"allocator", "operator new*", "libstdc++.so*"},
	{"allocator", "operator new*", "libc++.so*"},
	{"copying", "__mem*_avx*", "libc.so*"},
	{"copying", "__mem*_sse*", "libc.so*"},
	{"copying", "__mem*_evex*", "libc.so*"},
	{"copying", "__mem*_erms*", "libc.so*"},
	{"Python interpreter", "_PyEval_*", "*"},
	{"Python interpreter", "_PyFunction_Vectorcall*", "*"},
	{"Python interpreter", "_PyObject_*Call*", "*"},
	{"Python interpreter", "PyObject_Call*", "*"},
	{"Python interpreter", "PyObject_Vectorcall*", "*"},
	{"Python interpreter", "_PyVectorcall_*", "*"},
	{"Python interpreter", "method_vectorcall*", "*python*"},
	{"Python interpreter", "cfunction_*call*", "*python*"},
	{"Python interpreter", "PyEval_EvalCode*", "*"},
	{"Python interpreter", "run_eval_code_obj", "*python*"},
	{"Python interpreter", "run_mod", "*python*"},
	{"Python interpreter", "pyrun_*", "*python*"},
	{"Python interpreter", "pymain_*", "*python*"},
	{"Python interpreter", "_PyRun_*", "*"},
	{"Python interpreter", "PyRun_*", "*"},
	{"Python interpreter", "Py_RunMain", "*"},
	{"Python interpreter", "Py_BytesMain", "*"},
	{"Node.js", "node::*", "*"},
	{"Node.js", "uv_run", "*"},
	{"Node.js", "uv__*", "*"},
	{"V8", "v8::internal::Execution::*", "*"},
	{"V8", "v8::internal::(anonymous namespace)::Invoke*", "*"},
	{"V8", "Builtins_*", "*"},
	{"Java VM", "JavaCalls::*", "libjvm.so*"},
	{"Java VM", "Interpreter", "*"},
	{"Java VM", "call_stub", "*"},
	{"Java VM", "thread_native_entry*", "libjvm.so*"},
	{"Java VM", "JavaThread::*run*", "libjvm.so*"},
	{"Ruby interpreter", "vm_exec*", "*ruby*"},
	{"Ruby interpreter", "rb_vm_exec*", "*ruby*"},
	{"Ruby interpreter", "rb_ec_exec*", "*ruby*"},
	{"Perl interpreter", "Perl_runops_*", "*"},
	{"PHP interpreter", "execute_ex", "*"},
	{"page fault", "*page_fault*", "[[]kernel]"},
	{"page fault", "handle_mm_fault", "[[]kernel]"},
	{"page allocator", "*alloc_pages*", "[[]kernel]"},
	{"page allocator", "get_page_from_freelist", "[[]kernel]"},
	{"system call entry", "entry_SYSCALL_64*", "[[]kernel]"},
	{"system call entry", "do_syscall_64", "[[]kernel]"},
	{"system call entry", "x64_sys_call", "[[]kernel]"},
};

const char *frame_boilerplate(const struct path_frame *f)
{
	const char *module = f->module ? base_name(f->module) : "";

	if (!f->function)
		return NULL;
	for (size_t i = 0; i < N_ELEMS(boilerplate); i++)
		if (!fnmatch(boilerplate[i].function, f->function, FNM_NOESCAPE) &&
		    !fnmatch(boilerplate[i].module, module, 0))
			return boilerplate[i].what;
	return NULL;
}
