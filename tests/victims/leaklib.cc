/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leaks 70, 20 and 10 % of what it is asked for, in C++: a template, a method, an inlined function. */
#include <cstddef>
#include <cstring>
#include <vector>

namespace leaky
{
std::vector<char *> kept;

inline void keep(size_t bytes)
{
	char *p = new char[bytes];

	memset(p, 'x', bytes);
	kept.push_back(p);
}

template <typename T> __attribute__((noinline)) void leak_most(T n)
{
	for (T i = 0; i < n; i++)
		keep(64 * 1024);
}

struct Cache {
	__attribute__((noinline)) void leak_some(int n)
	{
		for (int i = 0; i < n; i++)
			keep(64 * 1024);
	}
};

__attribute__((noinline)) void leak_little(int n)
{
	for (int i = 0; i < n; i++)
		keep(64 * 1024);
}
}

extern "C" void leak_in_library(size_t bytes)
{
	leaky::Cache cache;

	for (size_t done = 0; done < bytes; done += 640 * 1024) {
		leaky::leak_most<int>(7);
		cache.leak_some(2);
		leaky::leak_little(1);
	}
}
