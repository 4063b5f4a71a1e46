/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/shim/link_wire.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

socklen_t link_address(const char *node, struct leg_id id, struct sockaddr_un *ret_address)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        char name[LEG_NAME_SIZE];
        const size_t room = sizeof(address.sun_path) - 1;
        int n = snprintf(address.sun_path + 1, room, "offpeak/%s/%s", node, leg_name(id, name));

        if ((size_t)n >= room)
                return 0;
        *ret_address = address;
        return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
}

bool link_peer_is_ours(int fd)
{
        struct ucred peer;
        socklen_t size = sizeof(peer);

        return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == 0 || peer.uid == geteuid());
}

int link_send(int fd, const struct link_message *message)
{
        ssize_t n;

        do
                n = send(fd, message, sizeof(*message), MSG_DONTWAIT | MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : 0;
}

int link_receive(int fd, struct link_message *ret_message)
{
        struct link_message message;
        ssize_t n;

        do {
                memset(&message, 0, sizeof(message));
                n = recv(fd, &message, sizeof(message), MSG_DONTWAIT);
        } while ((n < 0 && errno == EINTR) || (n > 0 && message.version != LINK_VERSION));
        if (n <= 0)
                return n < 0 ? -errno : 0;
        *ret_message = message;
        return 1;
}
