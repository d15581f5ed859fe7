"""Something that answers at every port that matters on one host of the zones.

listeners.py TCP[,TCP...] UDP[,UDP...] -- run inside the host's namespace; a negative port is served by somebody else
by IPv4, and so here by IPv6 only.
TCP connections are taken and closed, datagrams are sent back. IPv4 and IPv6. Prints "listening", and ends when whoever
started it has gone.
"""

import os
import selectors
import socket
import sys


def numbers(text):
    return [int(each) for each in text.split(",")]


def opened(kind, port):
    one = socket.socket(socket.AF_INET6, kind)
    one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, port < 0)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(("::", abs(port)))
    one.setblocking(False)
    if kind == socket.SOCK_STREAM:
        one.listen(512)
    else:
        # The answer has to come from the address that was asked.
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    return one


def serve(tcp, udp):
    ready = selectors.DefaultSelector()
    for port in tcp:
        ready.register(opened(socket.SOCK_STREAM, port), selectors.EVENT_READ, True)
    for port in udp:
        ready.register(opened(socket.SOCK_DGRAM, port), selectors.EVENT_READ, False)
    print("listening", flush=True)
    parent = os.getppid()
    while os.getppid() == parent:
        for key, _ in ready.select(1):
            try:
                if key.data:
                    key.fileobj.accept()[0].close()
                else:
                    said, control, _, asked_by = key.fileobj.recvmsg(64, 256)
                    # The address and no card: the way back may be another one.
                    mine = [(level, kind, data[:16] + bytes(4)) for level, kind, data in control
                            if kind == socket.IPV6_PKTINFO]
                    key.fileobj.sendmsg([said], mine, 0, asked_by)
            except OSError:
                # Whoever called has gone, or the rules let no answer out.
                continue


serve(numbers(sys.argv[1]), numbers(sys.argv[2]))
