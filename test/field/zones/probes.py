"""Tries many ways at once from one host of the zones: probes.py FILE, run inside the host's namespace.

Each line of FILE: PORT KIND ADDRESS TARGET-PORT MARK FROM
  PORT     the source port of this one try (of a ping its id): by it the witness at the far end knows the try again
  KIND     tcp, udp or ping
  MARK     of the packets, for another route; 0: none
  FROM     an address that is not this host's, to speak under a false name; -: none
Prints for each one that was answered its PORT. Ends when all have ended, or nothing has moved for a while.
"""

import errno
import selectors
import socket
import struct
import sys
import time

QUIET_SECONDS = 2.0
SPOOFED_SECONDS = 0.5
TRANSPARENT = 19  # linux/in.h IP_TRANSPARENT
MARK = 36  # asm-generic/socket.h SO_MARK


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def echo(identity, v6):
    kind = 128 if v6 else 8
    bare = struct.pack("!BBHHH", kind, 0, 0, identity, 1)
    return bare if v6 else struct.pack("!BBHHH", kind, 0, checksum(bare), identity, 1)


def start(port, kind, address, target, mark, false_name):
    v6 = ":" in address
    family = socket.AF_INET6 if v6 else socket.AF_INET
    if kind == "ping":
        protocol = socket.IPPROTO_ICMPV6 if v6 else socket.IPPROTO_ICMP
        one = socket.socket(family, socket.SOCK_RAW, protocol)
    else:
        one = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    one.setblocking(False)
    if mark:
        one.setsockopt(socket.SOL_SOCKET, MARK, mark)
    if kind == "ping":
        one.connect((address, 0))  # so that a rejection is told to it
        one.send(echo(port, v6))
        return one
    if false_name != "-":
        one.setsockopt(socket.IPPROTO_IP, TRANSPARENT, 1)
    one.bind((false_name if false_name != "-" else "::" if v6 else "0.0.0.0", port))
    if kind == "tcp":
        code = one.connect_ex((address, target))
        if code not in (0, errno.EINPROGRESS):
            raise OSError(code, "refused at once")
    else:
        one.connect((address, target))
        one.send(b"who are you")
    return one


def answered(one, kind, port):
    """True: answered; False: refused; None: not yet."""
    if kind == "tcp":
        return one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
    try:
        got = one.recv(256)
    except BlockingIOError:
        return None
    except OSError:
        return False
    if kind == "udp":
        return True
    at = 20 if one.family == socket.AF_INET else 0
    reply = 0 if one.family == socket.AF_INET else 129
    return True if got[at] == reply and struct.unpack("!H", got[at + 4:at + 6])[0] == port else None


def run(lines):
    waiting = selectors.DefaultSelector()
    only_spoofed = True
    for line in lines:
        port, kind, address, target, mark, false_name = line.split()
        only_spoofed = only_spoofed and false_name != "-"
        try:
            one = start(int(port), kind, address, int(target), int(mark), false_name)
        except OSError as refusal:
            if refusal.errno in (errno.EADDRINUSE, errno.EMFILE, errno.EINVAL):
                raise  # the probe itself is wrong, and no rule
            continue
        waiting.register(one, selectors.EVENT_WRITE if kind == "tcp" else selectors.EVENT_READ, (kind, int(port)))
    patience = SPOOFED_SECONDS if only_spoofed else QUIET_SECONDS
    moved = time.monotonic()
    while waiting.get_map():
        # Asked before the time is looked at: on a busy machine what was slow may have been this program.
        events = waiting.select(0.05)
        if not events and time.monotonic() - moved >= patience:
            break
        for key, _ in events:
            kind, port = key.data
            result = answered(key.fileobj, kind, port)
            if result is None:
                continue
            moved = time.monotonic()
            waiting.unregister(key.fileobj)
            key.fileobj.close()
            if result:
                print(port)


with open(sys.argv[1], encoding="ascii") as file:
    run(file.read().splitlines())
