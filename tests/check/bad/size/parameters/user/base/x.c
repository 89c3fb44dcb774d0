/* SPDX-License-Identifier: GPL-2.0-or-later */
int x(int a, int b, void (*c)(int, int), int d,
      int e, int f, int g)
{
	return 0;
}
