"""A Modbus server of pymodbus (Debian's python3-pymodbus) that keeps the plant's own record.

Run by test/field with the system's Python: plant_server.py ADDRESS PORT RECORD [WIRE]
WIRE is tcp (default), rtu-over-tcp, or serial: RTU on the serial port ADDRESS, whose PORT is not looked at.
Prints "listening" once it serves. Each read that covers register 0 counts the piece counter up by one and appends
"<counter> <unix milliseconds>" to RECORD before the answer goes out, so the record knows every value that any client
can have seen. Unit ids 1 and up answer alike.

holding 0..1   piece counter, uint32, high word first
holding 2..3   half the counter as float32, high word first: with the counter it shows a torn answer
holding 4      -2 as int16
holding 10..14 "pymodbus" in ASCII, two characters a register, the rest zero
holding 20..23 -0.1 as float64, high word first
holding 24..25 -100000 as int32, low word first
holding 26..27 12345678 in BCD, high word first
holding 100 and up are refused: exception 2
input   0      1234
coil    0, discrete 0   on; coil 1, discrete 1 off
"""

import asyncio
import struct
import sys
import time

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server.async_io import ModbusSerialServer, ModbusTcpServer
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer


class CountingBlock(ModbusSequentialDataBlock):
    """Holding registers whose first two count how often they were read."""

    def __init__(self, record, counter):
        super().__init__(0, [0] * 100)
        self.record = record
        self.counter = counter
        self.values[4] = 0x10000 - 2
        text = b"pymodbus".ljust(10, b"\0")
        self.values[10:15] = struct.unpack(">5H", text)
        self.values[20:24] = struct.unpack(">4H", struct.pack(">d", -0.1))
        self.values[24:26] = reversed(struct.unpack(">2H", struct.pack(">i", -100000)))
        self.values[26:28] = [0x1234, 0x5678]

    def getValues(self, address, count=1):
        if address == 0:
            self.counter += 1
            self.values[0:2] = struct.unpack(">2H", struct.pack(">I", self.counter))
            self.values[2:4] = struct.unpack(">2H", struct.pack(">f", self.counter / 2))
            self.record.write(f"{self.counter} {time.time_ns() // 1_000_000}\n")
            self.record.flush()
        return super().getValues(address, count)


def last_count(path):
    """Where a server that was stopped left off: a value is never served twice."""
    try:
        with open(path, encoding="ascii") as record:
            return max((int(line.split()[0]) for line in record), default=0)
    except FileNotFoundError:
        return 0


async def serve(address, port, path, wire):
    bits = ModbusSequentialDataBlock(0, [True, False] + [False] * 14)
    inputs = ModbusSequentialDataBlock(0, [1234] + [0] * 15)
    record = open(path, "a", encoding="ascii")  # held until the process ends
    counting = CountingBlock(record, last_count(path))
    unit = ModbusSlaveContext(di=bits, co=bits, ir=inputs, hr=counting, zero_mode=True)
    units = ModbusServerContext(slaves=unit, single=True)
    if wire == "serial":
        server = ModbusSerialServer(units, framer=ModbusRtuFramer, port=address, baudrate=19200, parity="N")
        await server.start()
        if server.transport is None:
            sys.exit(f"pymodbus could not open {address}")
        serving = asyncio.ensure_future(server.serve_forever())
    else:
        framer = {"tcp": ModbusSocketFramer, "rtu-over-tcp": ModbusRtuFramer}[wire]
        server = ModbusTcpServer(units, framer=framer, address=(address, port), allow_reuse_address=True)
        serving = asyncio.ensure_future(server.serve_forever())
        await server.serving
    print("listening", flush=True)
    await serving


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4] if len(sys.argv) > 4 else "tcp"))
