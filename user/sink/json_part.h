/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of the JSON report, in files by what they are about. */
#pragma once

#include "model/report.h"
#include "sink/json_write.h"

/* processes[]: json.c has the members */
void json_processes(struct json_writer *w, const struct report *r);
/* Of rows of other arrays: absent when the time, or the process, is zero. */
void json_add_time(struct json_object *o, const char *name, uint64_t time_ns);
void json_add_id(struct json_object *o, const struct report *r, struct proc_id id);
/* A wait(2) status: "exit_status" or "signal". */
void json_add_status(struct json_object *o, int status);
void json_add_live(struct json_object *o, const char *name, const int64_t live[_PAGE_CLASS_MAX]);
void json_add_taken(struct json_object *o, const uint64_t taken[_PAGE_CLASS_MAX]);

/* ledger[], ledger_total, hidden_owners[], unclassified[] */
void json_ledger(struct json_writer *w, const struct report *r);

/*
 * "sampling", "path_totals", "paths", "kernel_classes" and "kernel_modules":
 *   sampling                    how the call paths were had; absent when nothing was sampled
 *     .asked_bytes .interval_bytes  one sample in so many: wanted, and in force at the end
 *     .stacks .repeated .whole  looked at; known already; walked up to the thread's first function
 *     .unwind_ns                CPU time for all of them
 *   path_totals[]               the paths of a process together
 *     .estimate_bytes .error_bytes  by the samples; with 95 % confidence within the error
 *     .held_bytes .scaled       counted page by page; whether the paths were scaled to it
 *   paths[]                     what a call path holds: see struct report_path
 *     .verdict                  on live_bytes: see json_verdict.c
 *     .class                    domain "kernel": what the pages are for
 *     .cgroup                   in the kernel: where its process was; of interrupts and kernel
 *                               threads, to which the memory is charged
 *     .charged                  whether the memory is charged to that cgroup
 *     .runtime .container .container_id  when it is a container's; .runtime alone: a service's
 *     .driver                   kernel module that asked, or through which; absent: none
 *     .asked_by                 the innermost function that is no allocator's
 *     .stack[]                  leaf first
 *   kernel_classes[]            the kernel's paths by class: held, taken since the start
 *     .line                     of the ledger, that such pages are in
 *     .line_live_bytes .line_delta_bytes .difference_bytes  all classes of that line; what the
 *                               line changed by; the latter less the former
 *   kernel_modules[]            paths through a kernel module together: pages, and slab objects
 *     .slab_bytes               of .live_bytes; where no objects were traced, of pages of slabs
 *     .paths                    how many
 */
void write_paths(struct json_writer *w, const struct report *r);
