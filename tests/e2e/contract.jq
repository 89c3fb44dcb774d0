# SPDX-License-Identifier: GPL-2.0-or-later
# What every report keeps, whatever it is about: prints one line for each breach, nothing when all
# is well. Members may be absent when unknown, but never null and never of another type.

def must($ok; $what): if $ok then empty else $what end;
def is_count: type == "number" and . >= 0 and . == floor;
def is_int: type == "number" and . == floor;

def span($p; $name):
	if has($name) then
		.[$name] as $s |
		must(($s.start | is_count) and ($s.end | is_count) and ($s.delta | is_int);
			"\($p).\($name): start, end, delta are not all whole numbers"),
		must($s.delta == $s.end - $s.start; "\($p).\($name): delta is not end - start")
	else empty end;

def process($n):
	"processes[\($n)]" as $p |
	must(.pid | is_count; "\($p): no pid"),
	must(has("start_time"); "\($p): no start_time"),
	must(.comm | type == "string"; "\($p): no comm"),
	(("rss_bytes", "anon_bytes", "file_bytes", "shmem_bytes", "swap_bytes", "vsz_bytes",
		"heap_bytes", "page_table_bytes", "fds", "threads", "pss_bytes", "uss_bytes") as $name |
		span($p; $name)),
	(if has("attributed") then
		(.attributed | must((.user_page_bytes | is_int) and (.kernel_page_bytes | is_int) or
			(has("user_page_bytes") | not) and has("mmap_bytes");
			"\($p): attributed without user_page_bytes or kernel_page_bytes"),
		must((.mmap_bytes | is_count) and (.brk_bytes | is_count) or (has("mmap_bytes") | not);
			"\($p): attributed without mmap_bytes or brk_bytes"))
	else empty end);

must(.schema == "memtrace.report/1"; "schema is \(.schema)"),
must([.. | select(. == null)] == []; "null somewhere: unknown members are left out"),
must(.host.kernel | type == "string"; "no host.kernel"),
must(.host.arch | type == "string"; "no host.arch"),
must(.host.mem_total_bytes | is_count; "no host.mem_total_bytes"),
must(.host.boot_id | type == "string"; "no host.boot_id"),
must(.mode | type == "string"; "no mode"),
must(has("start"); "no start"),
must(has("end"); "no end"),
must((.duration_s | type) == "number" and .duration_s >= 0; "no duration_s"),
must(.ledger | type == "array"; "no ledger"),
(.ledger // [] | to_entries[] | .key as $n | .value |
	must((.line | type) == "string" and (.start_bytes | is_count) and (.end_bytes | is_count);
		"ledger[\($n)]: line, start_bytes, end_bytes"),
	must(.delta_bytes == .end_bytes - .start_bytes; "ledger[\($n)]: delta")),
must(.ledger == [] or ([.ledger[].end_bytes] | add) == .ledger_total.mem_total_bytes;
	"the ledger does not add up to MemTotal"),
must([.ledger[]?.line] | length == (unique | length); "a line of the ledger twice"),
(.hidden_owners // [] | to_entries[] | .key as $n | .value |
	must((.kind | type) == "string" and (.line | type) == "string" and (.end_bytes | is_count);
		"hidden_owners[\($n)]: kind, line, end_bytes")),
must(.removed_cgroups | type == "array"; "no removed_cgroups"),
(.removed_cgroups // [] | to_entries[] | .key as $n | .value |
	must((.cgroup | type) == "string" and (.removed | type) == "string";
		"removed_cgroups[\($n)]: cgroup, removed"),
	must(.left_bytes == .page_cache_bytes + .shmem_bytes + .slab_bytes;
		"removed_cgroups[\($n)]: left_bytes is no sum")),
must(.processes | type == "array"; "no processes"),
(.processes // [] | to_entries[] | .key as $n | .value | process($n)),
(.paths // [] | to_entries[] | .key as $n | .value |
	must((.domain | type) == "string" and (.live_bytes | is_count) and (.stack | type) == "array";
		"paths[\($n)]: domain, live_bytes, stack"),
	must((has("container") | not) or (has("cgroup") and has("runtime"));
		"paths[\($n)]: a container without its cgroup and runtime"),
	must(has("cgroup") == has("charged") and ((.charged // false) | type) == "boolean";
		"paths[\($n)]: cgroup and charged")),
must(.limits | type == "array"; "no limits"),
(.limits // [] | to_entries[] | .key as $n | .value |
	must((.kind | type) == "string" and (.kind | length) > 0; "limits[\($n)]: no kind"),
	must(.count | is_count; "limits[\($n)] \(.kind): no count"),
	must((.meaning | type) == "string" and (.meaning | length) > 0;
		"limits[\($n)] \(.kind): no meaning")),
must([.limits[].kind] | length == (unique | length); "a kind of limit twice"),
must(.self.cpu_ns | is_count; "no self.cpu_ns"),
must(.self.rss_bytes | is_count; "no self.rss_bytes")
