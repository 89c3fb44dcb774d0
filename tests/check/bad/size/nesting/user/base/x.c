/* SPDX-License-Identifier: GPL-2.0-or-later */
int x(int n)
{
	if (n) {
		while (n) {
			for (;;) {
				switch (n) {
				default:
					do {
						n--;
					} while (n);
				}
			}
		}
	}
	return 0;
}
