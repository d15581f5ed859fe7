/*
 * The limit's server: answers reads of holding registers (function 3) from a constant map, as fast as sockets allow,
 * with one receive and one send for as many requests as have arrived. One thread per connection. No error handling
 * beyond giving up: it talks to the two clients of the bench and to nobody else. Prints the port it listens on.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUEST = 12, ANSWER_MAX = 260, WINDOW = 64 };

static void *serve(void *state)
{
    int connection = (int)(intptr_t)state;
    uint8_t in[REQUEST * WINDOW], out[ANSWER_MAX * WINDOW];
    size_t have = 0;
    for (;;) {
        ssize_t count = recv(connection, in + have, sizeof in - have, 0);
        if (count <= 0)
            break;
        have += (size_t)count;
        size_t taken = 0, length = 0;
        for (; have - taken >= REQUEST; taken += REQUEST) {
            const uint8_t *request = in + taken;
            uint8_t *answer = out + length;
            unsigned address = (unsigned)request[8] << 8 | request[9];
            unsigned registers = (unsigned)request[10] << 8 | request[11];
            if (request[7] != 3 || registers < 1 || registers > 125) {
                close(connection);
                return NULL;
            }
            memcpy(answer, request, 8);
            answer[4] = 0;
            answer[5] = (uint8_t)(3 + registers * 2);
            answer[8] = (uint8_t)(registers * 2);
            for (unsigned i = 0; i < registers; i++) {
                answer[9 + i * 2] = (uint8_t)((address + i) >> 8);
                answer[10 + i * 2] = (uint8_t)(address + i);
            }
            length += 9 + registers * 2;
        }
        memmove(in, in + taken, have - taken);
        have -= taken;
        if (length > 0 && send(connection, out, length, MSG_NOSIGNAL) != (ssize_t)length)
            break;
    }
    close(connection);
    return NULL;
}

int main(void)
{
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof at;
    if (bind(listener, (struct sockaddr *)&at, size) || listen(listener, 512)
        || getsockname(listener, (struct sockaddr *)&at, &size))
        return 1;
    printf("%d\n", ntohs(at.sin_port));
    fflush(stdout);
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        pthread_t thread;
        if (connection < 0)
            return 1;
        setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)connection))
            return 1;
        pthread_detach(thread);
    }
}
