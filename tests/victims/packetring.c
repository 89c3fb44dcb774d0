/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A receive ring of a packet socket: pages that no line of /proc/meminfo names. */
#include "victim.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#define BLOCK (256 * 1024)

int main(int argc, char **argv)
{
	struct tpacket_req req = {.tp_block_size = BLOCK, .tp_frame_size = 2048};
	size_t bytes;
	int fd;

	victim_init(argc, argv, "packetring", "Holds a packet ring (PACKET_RX_RING).", NULL);
	bytes = victim_bytes();
	/* Protocol 0: it receives nothing. */
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0)
		victim_skip("packet socket", errno);
	victim_begin();
	req.tp_block_nr = (unsigned int)(bytes / BLOCK);
	req.tp_frame_nr = req.tp_block_nr * (BLOCK / req.tp_frame_size);
	if (setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)))
		victim_skip("PACKET_RX_RING", errno);
	tell(&(struct truth){.kind = "packet_ring",
			     .note = "ring of a packet socket",
			     .pid = getpid(),
			     .held = bytes,
			     .touched = bytes},
	     NULL);
	victim_phase();
	req.tp_block_nr = req.tp_frame_nr = 0;
	if (setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &req, sizeof(req)))
		die("PACKET_RX_RING: %s", strerror(errno));
	tell(&(struct truth){.kind = "packet_ring",
			     .note = "ring given back",
			     .pid = getpid(),
			     .touched = bytes},
	     NULL);
	victim_hold();
	return 0;
}
