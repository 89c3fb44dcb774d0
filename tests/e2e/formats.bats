#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The formats made of code paths, from a run and from its session.
# shellcheck disable=SC2034,SC2153 # variables that the helper reads and sets

bats_require_minimum_version 1.5.0
load helper

record() {
	start_victim anon4k --mib 64 --wait
	start_memtrace --pid "$VICTIM_PID"
	wait_attached
	kill -USR1 "$VICTIM_PID"
	wait_truth
	sleep 1
	end_memtrace
	DB=$(find "$T/log" -name '*.db')
	[ -n "$DB" ]
}

@test "folded, pprof and flamegraph from a session" {
	need python3
	record
	"$MEMTRACE" --report "$DB" --format folded -o "$T/paths.folded"
	lacks -vE '^[^;]+(;[^;]+)+ [0-9]+$' "$T/paths.folded"
	"$MEMTRACE" --report "$DB" --format pprof -o "$T/paths.pb.gz"
	gzip -t "$T/paths.pb.gz"
	[ "$(gzip -dc "$T/paths.pb.gz" | grep -ac inuse_space)" -ge 1 ]
	# It stands alone: nothing is loaded from anywhere, and it is well-formed.
	"$MEMTRACE" --report "$DB" --format flamegraph -o "$T/paths.svg"
	python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$T/paths.svg"
	[ "$(grep -oE '(href|src)=' "$T/paths.svg" | wc -l)" -eq 0 ]
	[ "$(grep -o 'http[^"]*' "$T/paths.svg" | sort -u)" = http://www.w3.org/2000/svg ]
	# Whose memory it is: the victim's one function, up to where it began.
	grep -qE '^user;anon4k \([0-9]+\);.*_start;.*;main;.* [0-9]+$' "$T/paths.folded"
	held=$(awk '/^user;anon4k/ { n += $NF } END { print int(n / 1048576) }' "$T/paths.folded")
	[ "$held" -ge 40 ]
	[ "$held" -le 90 ]
	# What the three have is the same.
	[ "$(awk '{ n += $NF } END { print n + 0 }' "$T/paths.folded")" = \
		"$(grep -o 'data-d="0" data-b="[0-9]*' "$T/paths.svg" | cut -d'"' -f4 |
			awk '{ n += $1 } END { print n + 0 }')" ]
}

@test "protoc reads the profile by the public field numbers" {
	need protoc
	record
	cat >"$T/profile.proto" <<-'END'
		syntax = "proto3";
		message Type { int64 type = 1; int64 unit = 2; }
		message Label { int64 key = 1; int64 str = 2; int64 num = 3; int64 num_unit = 4; }
		message Sample {
			repeated uint64 location_id = 1;
			repeated int64 value = 2;
			repeated Label label = 3;
		}
		message Mapping {
			uint64 id = 1; uint64 memory_start = 2; uint64 memory_limit = 3;
			uint64 file_offset = 4; int64 filename = 5; int64 build_id = 6;
			bool has_functions = 7; bool has_filenames = 8; bool has_line_numbers = 9;
			bool has_inline_frames = 10;
		}
		message Line { uint64 function_id = 1; int64 line = 2; int64 column = 3; }
		message Location {
			uint64 id = 1; uint64 mapping_id = 2; uint64 address = 3;
			repeated Line line = 4; bool is_folded = 5;
		}
		message Function {
			uint64 id = 1; int64 name = 2; int64 system_name = 3; int64 filename = 4;
			int64 start_line = 5;
		}
		message Profile {
			repeated Type sample_type = 1; repeated Sample sample = 2;
			repeated Mapping mapping = 3; repeated Location location = 4;
			repeated Function function = 5; repeated string string_table = 6;
			int64 drop_frames = 7; int64 keep_frames = 8; int64 time_nanos = 9;
			int64 duration_nanos = 10; Type period_type = 11; int64 period = 12;
			repeated int64 comment = 13; int64 default_sample_type = 14;
		}
	END
	"$MEMTRACE" --report "$DB" --format pprof | gzip -d >"$T/profile"
	protoc -I "$T" --decode=Profile profile.proto <"$T/profile" >"$T/decoded"
	[ "$(grep -c '^sample_type {' "$T/decoded")" -eq 3 ]
	[ "$(grep -c '^time_nanos: [1-9]' "$T/decoded")" -eq 1 ]
	[ "$(grep -c '^sample {' "$T/decoded")" -ge 1 ]
	[ "$(grep -c '^mapping {' "$T/decoded")" -ge 2 ]
	grep -q '"_start"' "$T/decoded"
	# A field that is not of the format would be shown by its number.
	lacks '^ *[0-9][0-9]*[: ]' "$T/decoded"
}

@test "a binary format is not written to a terminal" {
	need script
	record
	run -1 script -qec "$MEMTRACE --report $DB --format pprof" /dev/null
	[[ $output == *"not for a terminal"* ]]
	run -0 script -qec "$MEMTRACE --report $DB --format pprof -o $T/out.pb.gz" /dev/null
	gzip -t "$T/out.pb.gz"
}

browser() {
	timeout 60 chromium --headless=new --no-sandbox --disable-gpu --virtual-time-budget=3000 \
		--user-data-dir="$T/chromium" --dump-dom "$1" 2>/dev/null
}

@test "the flame graph in a browser: zoom and search" {
	need chromium
	record
	"$MEMTRACE" --report "$DB" --format flamegraph -o "$T/paths.svg"
	chmod 755 "$T"
	# A view that was sent to somebody.
	browser "file://$T/paths.svg#zoom=0&search=anon4k" >"$T/dom"
	grep -o 'found "[^<]*' "$T/dom"
	grep -q 'found "anon4k": user' "$T/dom"
	# Clicks and keys, in a page that has the picture and a visitor.
	{
		echo '<!doctype html><meta charset="utf-8"><body>'
		sed -e 1d -e 's/<!\[CDATA\[//' -e 's/\]\]>//' "$T/paths.svg"
		cat <<-'END'
			<pre id="said"></pre>
			<script>
			function say(what) { document.getElementById('said').textContent += what + '; '; }
			function text(id) { return document.getElementById(id).textContent; }
			function click(e) { e.dispatchEvent(new MouseEvent('click', {bubbles: true})); }
			window.addEventListener('load', function () {
				var f = Array.from(document.querySelectorAll('g.f')).find(function (g) {
					return g.querySelector('title').textContent.startsWith('_start');
				});
				var rect = f.querySelector('rect'), before = rect.getAttribute('width');
				click(f);
				say('zoomed ' + (rect.getAttribute('width') > 1179));
				f.dispatchEvent(new MouseEvent('mouseover', {bubbles: true}));
				say('details ' + text('details').startsWith('_start  '));
				window.prompt = function () { return 'MAIN'; };
				click(document.getElementById('search'));
				say('search ' + text('matched').startsWith('found "MAIN": user '));
				click(document.getElementById('reset'));
				say('reset ' + (rect.getAttribute('width') === before));
				window.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape'}));
				say('escape ' + (text('matched') === '' && !document.querySelector('.hit')));
			});
			</script>
		END
	} >"$T/page.html"
	browser "file://$T/page.html" >"$T/dom"
	grep -o 'zoomed.*; ' "$T/dom"
	grep -q 'zoomed true; details true; search true; reset true; escape true; ' "$T/dom"
}
