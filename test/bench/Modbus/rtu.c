/*
 * The limit of a serial line's client: rtu PORT REGISTERS REQUESTS. Writes a request, waits in the kernel for the whole
 * answer, then for the silence of t3.5 at 115,200 baud, and so on. Prints the nanoseconds of one exchange.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST = 8, SILENCE = 1750000 };

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 64;
    int line = open(argv[1], O_RDWR | O_NOCTTY);
    size_t answer = 5 + 2 * (size_t)atoi(argv[2]), have;
    long requests = atol(argv[3]);
    uint8_t out[REQUEST] = { 1, 3, 0, 7, 0, (uint8_t)atoi(argv[2]) }, in[260];
    uint16_t crc = 0xFFFF;
    for (int i = 0; i < REQUEST - 2; i++) {
        crc ^= out[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (uint16_t)(crc & 1 ? crc >> 1 ^ 0xA001 : crc >> 1);
    }
    out[6] = (uint8_t)crc;
    out[7] = (uint8_t)(crc >> 8);
    struct termios settings;
    tcgetattr(line, &settings);
    cfmakeraw(&settings);
    tcsetattr(line, TCSANOW, &settings);
    prctl(PR_SET_TIMERSLACK, 1);
    long long began = now(), due = began;
    struct pollfd waiting = { .fd = line, .events = POLLIN };
    for (long i = 0; i < requests; i++) {
        if (write(line, out, REQUEST) != REQUEST)
            return 1;
        for (have = 0; have < answer;) {
            ssize_t count = poll(&waiting, 1, 1000) == 1 ? read(line, in + have, sizeof in - have) : 0;
            if (count <= 0)
                return 2;
            have += (size_t)count;
        }
        due = now() + SILENCE;
        struct timespec at = { .tv_sec = due / 1000000000, .tv_nsec = due % 1000000000 };
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
    }
    printf("%lld\n", (now() - began) / requests);
    return 0;
}
