/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Leaks pages and kmalloc objects at a steady rate from two functions of its own, as a driver's
 * work item would, until there is as much as "ticks" says; gives all back when it is removed.
 * What it holds by now is in /sys/module/memtrace_leak/parameters.
 */
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#define TICK_PAGES 128
#define TICK_OBJECTS 256
#define TICK_MS 20

struct leaked {
	struct list_head list;
	char rest[1000]; /* an object of kmalloc-1k (1024 bytes) */
};

static LIST_HEAD(pages);
static LIST_HEAD(objects);
static struct delayed_work work;

static unsigned int ticks = 64;
module_param(ticks, uint, 0444);
MODULE_PARM_DESC(ticks, "how often it leaks");
static ulong page_bytes;
module_param(page_bytes, ulong, 0444);
MODULE_PARM_DESC(page_bytes, "held in pages");
static ulong kmalloc_bytes;
module_param(kmalloc_bytes, ulong, 0444);
MODULE_PARM_DESC(kmalloc_bytes, "held in kmalloc objects, as their cache counts them");
static bool done;
module_param(done, bool, 0444);
MODULE_PARM_DESC(done, "nothing more will be leaked");

static noinline void leak_pages(void)
{
	struct page *page;
	int i;

	for (i = 0; i < TICK_PAGES; i++) {
		page = alloc_page(GFP_KERNEL);
		if (!page)
			return;
		list_add(&page->lru, &pages);
		page_bytes += PAGE_SIZE;
	}
}

static noinline void leak_kmalloc(void)
{
	struct leaked *object;
	int i;

	for (i = 0; i < TICK_OBJECTS; i++) {
		object = kmalloc(sizeof(*object), GFP_KERNEL);
		if (!object)
			return;
		list_add(&object->list, &objects);
		kmalloc_bytes += ksize(object);
	}
}

static void leak(struct work_struct *unused)
{
	leak_pages();
	leak_kmalloc();
	if (--ticks)
		schedule_delayed_work(&work, msecs_to_jiffies(TICK_MS));
	else
		done = true;
}

static int __init leak_init(void)
{
	INIT_DELAYED_WORK(&work, leak);
	schedule_delayed_work(&work, 0);
	return 0;
}

static void __exit leak_exit(void)
{
	struct leaked *object, *next_object;
	struct page *page, *next_page;

	cancel_delayed_work_sync(&work);
	list_for_each_entry_safe(page, next_page, &pages, lru) __free_page(page);
	list_for_each_entry_safe(object, next_object, &objects, list) kfree(object);
}

module_init(leak_init);
module_exit(leak_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Leaks memory that a test looks for");
