/*
 * A serial line with devices on it, on a pseudo terminal that keeps line time: line BAUD ANSWERING. A request of
 * eight bytes to one of the first ANSWERING units is answered when its bits, the silence of t3.5 that ends it and the
 * bits of the answer would have passed on a line with 11 bits a character; one to another unit is not. Prints the path
 * to open; when its input closes: requests, answers, requests that came before the line had been silent for t3.5, and
 * how late the answers were on average because this machine was, in microseconds.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST = 8, BITS = 11 };

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static uint16_t checksum(const uint8_t *bytes, size_t count)
{
    uint16_t crc = 0xFFFF;
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (uint16_t)(crc & 1 ? crc >> 1 ^ 0xA001 : crc >> 1);
    }
    return crc;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 64;
    long long baud = atoi(argv[1]), answering = atoi(argv[2]);
    long long character = BITS * 1000000000LL / baud;
    long long silence = baud > 19200 ? 1750000 : 38500000000LL / baud;
    long long requests = 0, answers = 0, early = 0, late = 0, quiet = 0;
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) || unlockpt(master))
        return 1;
    int held = open(ptsname(master), O_RDWR | O_NOCTTY);
    struct termios settings;
    tcgetattr(held, &settings);
    cfmakeraw(&settings);
    tcsetattr(held, TCSANOW, &settings);
    prctl(PR_SET_TIMERSLACK, 1);
    printf("%s\n", ptsname(master));
    fflush(stdout);

    uint8_t in[REQUEST], out[260];
    size_t have = 0;
    struct pollfd waiting[2] = { { .fd = master, .events = POLLIN }, { .fd = STDIN_FILENO, .events = POLLIN } };
    while (poll(waiting, 2, -1) > 0 && !waiting[1].revents) {
        ssize_t count = read(master, in + have, sizeof in - have);
        if (count <= 0)
            return 2;
        if (have == 0 && now() - quiet < silence)
            early++;
        have += (size_t)count;
        if (have < REQUEST)
            continue;
        have = 0;
        requests++;
        unsigned registers = (unsigned)in[4] << 8 | in[5];
        size_t length = 5 + registers * 2;
        if (in[0] < 1 || in[0] > answering || in[1] != 3 || registers > 125) {
            quiet = now() + REQUEST * character;
            continue;
        }
        long long due = now() + ((long long)REQUEST + (long long)length) * character + silence;
        out[0] = in[0];
        out[1] = 3;
        out[2] = (uint8_t)(registers * 2);
        memset(out + 3, in[3], registers * 2);
        uint16_t crc = checksum(out, length - 2);
        out[length - 2] = (uint8_t)crc;
        out[length - 1] = (uint8_t)(crc >> 8);
        struct timespec at = { .tv_sec = due / 1000000000, .tv_nsec = due % 1000000000 };
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
        quiet = now();
        late += quiet - due;
        if (write(master, out, length) != (ssize_t)length)
            return 3;
        answers++;
    }
    printf("%lld %lld %lld %lld\n", requests, answers, early, answers ? late / answers / 1000 : 0);
    return 0;
}
