/* SPDX-License-Identifier: GPL-2.0-or-later */
int x(void)
{
	int v[2] = { 0 };

	return v[2];
}
