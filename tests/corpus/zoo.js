// SPDX-License-Identifier: GPL-2.0-or-later
// Node programs of known behaviour for the real corpus; see programs.tsv.
'use strict';
const http = require('node:http');
const mode = process.argv[2], rate = Number(process.argv[3] || 50), port = process.argv[4];
const kept = [], map = new Map();
let n = 0;

const work = {
	// every request leaves its record behind
	leak: () => kept.push({ id: n, body: 'x'.repeat(200) + n, when: new Date() }),
	// a cache with a limit, full from the start
	bounded: () => { map.set(n, { id: n, s: 'z'.repeat(500) + n }); if (map.size > 5000) map.delete(n - 5000); },
	idle: () => {},
	// the client of serve(): a request, its answer read to the end
	requests: () => http.get({ port, agent, path: '/' + n }, (a) => a.resume()).on('error', () => {}),
	serve: () => {},
}[mode];
const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });

// A server that keeps the last 60 pages it made, some 90 to 290 KB each: they are in old space (or
// in V8's space of large objects) when they go, so that only a mark-compact frees them.
function serve() {
	const pages = [];
	http.createServer((request, answer) => {
		const rows = Array.from({ length: 1500 + Math.floor(Math.random() * 3000) },
			(_, i) => ({ id: i, name: 'row ' + i + ' of ' + n, url: request.url, at: [n, i] }));
		answer.end(pages[n++ % 60] = JSON.stringify(rows));
	}).listen(port, '127.0.0.1');
}

if (mode === 'serve')
	serve();
if (mode === 'bounded')
	for (; n < 5000; n++)
		work();
if (mode !== 'serve')
	setInterval(() => { n++; work(); }, 1000 / rate);
