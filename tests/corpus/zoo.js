// SPDX-License-Identifier: GPL-2.0-or-later
// Node programs of known behaviour for the real corpus; see programs.tsv.
'use strict';
const mode = process.argv[2], rate = Number(process.argv[3] || 50);
const kept = [], map = new Map();
let n = 0;

const work = {
	// every request leaves its record behind
	leak: () => kept.push({ id: n, body: 'x'.repeat(200) + n, when: new Date() }),
	// a handler that makes garbage only
	garbage: () => { for (let i = 0; i < 200; i++) JSON.parse(JSON.stringify({ i, a: [n, i], s: 'y' + i })); },
	// a cache with a limit, full from the start
	bounded: () => { map.set(n, { id: n, s: 'z'.repeat(500) + n }); if (map.size > 5000) map.delete(n - 5000); },
	idle: () => {},
}[mode];
if (mode === 'bounded')
	for (; n < 5000; n++)
		work();
setInterval(() => { n++; work(); }, 1000 / rate);
