/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "collect/sysv_shm.h"

#include "base/cleanup.h"
#include "base/file.h"

#define TEXT_MAX (16u * 1024 * 1024) /* 150 bytes each; 4096 segments by default, 32 Ki at most */

/* Beside the permissions in the mode (include/linux/shm.h). */
#define SHM_DEST 01000
#define SHM_LOCKED 02000

static int take_u32(struct cursor *line, uint32_t *ret)
{
	uint64_t n;

	if (cursor_u64(line, &n) || n > UINT32_MAX)
		return -EBADMSG;
	*ret = (uint32_t)n;
	return 0;
}

/* Written as a signed number. */
static int take_key(struct cursor *line, int32_t *ret)
{
	struct cursor word;
	bool negative;
	uint64_t n;

	if (cursor_word(line, &word))
		return -EBADMSG;
	negative = *word.p == '-';
	word.p += negative;
	if (cursor_u64(&word, &n) || n > (uint64_t)INT32_MAX + negative)
		return -EBADMSG;
	*ret = (int32_t)(negative ? -(int64_t)n : (int64_t)n);
	return 0;
}

static int take_mode(struct cursor *line, struct sysv_segment *s)
{
	struct cursor word;
	uint32_t mode = 0;

	if (cursor_word(line, &word) || word.end - word.p > 6)
		return -EBADMSG;
	for (; word.p < word.end; word.p++) {
		if (*word.p < '0' || *word.p > '7')
			return -EBADMSG;
		mode = mode * 8 + (uint32_t)(*word.p - '0');
	}
	s->mode = mode & 0777;
	s->is_removed = mode & SHM_DEST;
	s->is_locked = mode & SHM_LOCKED;
	return 0;
}

static int parse_line(struct cursor line, struct sysv_segment *ret)
{
	struct sysv_segment s = {0};

	if (take_key(&line, &s.key) || take_u32(&line, &s.id) || take_mode(&line, &s) ||
	    cursor_u64(&line, &s.size) || take_u32(&line, &s.creator) ||
	    take_u32(&line, &s.last_user) || cursor_u64(&line, &s.n_attached) ||
	    take_u32(&line, &s.uid) || take_u32(&line, &s.gid) || take_u32(&line, &s.creator_uid) ||
	    take_u32(&line, &s.creator_gid) || cursor_u64(&line, &s.attached_s) ||
	    cursor_u64(&line, &s.detached_s) || cursor_u64(&line, &s.changed_s) ||
	    cursor_u64(&line, &s.rss) || cursor_u64(&line, &s.swap))
		return -EBADMSG;
	*ret = s;
	return 0;
}

int sysv_shm_parse(struct cursor text, struct sysv_list *l)
{
	struct sysv_segment s;
	struct cursor line, word;

	if (cursor_line(&text, &line) || cursor_word(&line, &word) || !cursor_is(word, "key"))
		return -EBADMSG;
	while (!cursor_line(&text, &line))
		if (line.end < text.end && !parse_line(line, &s) && vec_push(l, s))
			return -ENOMEM;
	return 0;
}

int sysv_shm_read(int root_fd, struct sysv_list *l)
{
	_cleanup_free_ char *text = NULL;
	size_t cap = 0;
	ssize_t len = read_file_grow(root_fd, "proc/sysvipc/shm", &text, &cap, TEXT_MAX);

	return len < 0 ? (int)len : sysv_shm_parse((struct cursor){text, text + len}, l);
}
