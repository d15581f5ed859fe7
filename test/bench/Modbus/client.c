/*
 * The limit's client: client PORT REGISTERS WINDOW MILLISECONDS. Keeps WINDOW reads outstanding with blocking calls:
 * one receive takes what has arrived, one send carries the requests that follow. It checks what any client must
 * (transaction, protocol, length, unit, function, byte count) and unpacks every register. No deadline, no late
 * answers, no cancellation, no reconnect: the least that can be called a Modbus client. Prints requests and
 * nanoseconds.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { REQUEST = 12, ANSWER_MAX = 260, WINDOW_MAX = 16 };

static uint16_t registers[WINDOW_MAX][125];
static uint16_t expected[WINDOW_MAX];

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static size_t ask(uint8_t *out, unsigned slot, unsigned count)
{
    static unsigned generation;
    uint16_t id = (uint16_t)(++generation << 4 | slot);
    uint8_t request[REQUEST] = { (uint8_t)(id >> 8), (uint8_t)id, 0, 0, 0, 6, 1, 3, 0, 0, 0, (uint8_t)count };
    expected[slot] = id;
    memcpy(out, request, REQUEST);
    return REQUEST;
}

static int take(const uint8_t *answer, unsigned count)
{
    unsigned id = (unsigned)answer[0] << 8 | answer[1], slot = id & 15;
    if (expected[slot] != id || answer[2] || answer[3] || answer[4] || answer[5] != 3 + count * 2 || answer[6] != 1
        || answer[7] != 3 || answer[8] != count * 2)
        return -1;
    for (unsigned i = 0; i < count; i++)
        registers[slot][i] = (uint16_t)(answer[9 + i * 2] << 8 | answer[10 + i * 2]);
    return registers[slot][count - 1] == count - 1 ? (int)slot : -1;
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return 64;
    unsigned count = (unsigned)atoi(argv[2]), window = (unsigned)atoi(argv[3]);
    long long length = atoi(argv[4]) * 1000000LL, requests = 0;
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        .sin_port = htons((uint16_t)atoi(argv[1])) };
    int connection = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    if (count < 1 || count > 125 || window < 1 || window > WINDOW_MAX
        || connect(connection, (struct sockaddr *)&at, sizeof at))
        return 1;
    setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);

    static uint8_t in[ANSWER_MAX * WINDOW_MAX], out[REQUEST * WINDOW_MAX];
    size_t have = 0, waiting = 0, size = 9 + count * 2;
    long long began = now(), ended = began;
    for (unsigned slot = 0; slot < window; slot++)
        waiting += ask(out + waiting, slot, count);
    while (ended - began < length) {
        if (waiting > 0 && send(connection, out, waiting, MSG_NOSIGNAL) != (ssize_t)waiting)
            return 2;
        waiting = 0;
        ssize_t received = recv(connection, in + have, sizeof in - have, 0);
        if (received <= 0)
            return 3;
        have += (size_t)received;
        size_t taken = 0;
        for (; have - taken >= size; taken += size) {
            int slot = take(in + taken, count);
            if (slot < 0)
                return 4;
            waiting += ask(out + waiting, (unsigned)slot, count);
            requests++;
        }
        memmove(in, in + taken, have - taken);
        have -= taken;
        ended = now();
    }
    printf("%lld %lld\n", requests, ended - began);
    return 0;
}
