"""Registers of every type in every order, as pymodbus's payload builder and Python's struct write them.

Run with the system's Python (Debian's python3-pymodbus): `make vectors` writes types-and-orders.txt beside this file.
Each line: type, order, the registers in the order of the wire, the value. Where both know a type, both must agree.
"""

import struct
import sys

from pymodbus.constants import Endian
from pymodbus.payload import BinaryPayloadBuilder

# The letters name the bytes of the value from the most significant on, in the order in which they stand on the wire.
ORDERS = {
    "ABCD": (Endian.Big, Endian.Big),
    "BADC": (Endian.Little, Endian.Big),
    "CDAB": (Endian.Big, Endian.Little),
    "DCBA": (Endian.Little, Endian.Little),
}
NUMBERS = {
    "int16": ("h", "add_16bit_int", [-32768, -2, 0x1234]),
    "uint16": ("H", "add_16bit_uint", [0, 0x1234, 65535]),
    "int32": ("i", "add_32bit_int", [-2147483648, -100000, 0x12345678]),
    "uint32": ("I", "add_32bit_uint", [1, 0x12345678, 4294967295]),
    "int64": ("q", "add_64bit_int", [-9223372036854775808, -2, 0x123456789ABCDEF0]),
    "uint64": ("Q", "add_64bit_uint", [1, 0x123456789ABCDEF0, 18446744073709551615]),
    "float32": ("f", "add_32bit_float", [71.25, -1.5e-30, 123456.0]),
    "float64": ("d", "add_64bit_float", [71.3, -0.1, 1.5e300]),
}


def laid_out(value_bytes, order):
    """The bytes of a value, most significant first, as the wire carries them in this order."""
    words = [value_bytes[at:at + 2] for at in range(0, len(value_bytes), 2)]
    if order in ("CDAB", "DCBA"):
        words.reverse()
    if order in ("BADC", "DCBA"):
        words = [word[::-1] for word in words]
    return b"".join(words)


def number(kind, order, value):
    letter, add, _ = NUMBERS[kind]
    ours = laid_out(struct.pack(">" + letter, value), order)
    # One register has no second word: pymodbus swaps its bytes where the byte order says so.
    byte_order, word_order = ORDERS[order]
    builder = BinaryPayloadBuilder(byteorder=byte_order, wordorder=word_order)
    getattr(builder, add)(value)
    theirs = b"".join(builder.build())
    if ours != theirs:
        sys.exit(f"{kind} {order} {value}: struct {ours.hex()}, pymodbus {theirs.hex()}")
    return ours


def text(order, value, length):
    """Text is not a number: words stay in their order, and only the bytes of each may be turned."""
    padded = value.encode().ljust((length + 1) // 2 * 2, b"\0")
    return laid_out(padded, "BADC" if order in ("BADC", "DCBA") else "ABCD")


def lines():
    for order in ORDERS:
        for kind, (_, _, values) in NUMBERS.items():
            for value in values:
                yield kind, order, number(kind, order, value), repr(value)
        for digits in ("1234", "9070"):
            yield "bcd16", order, laid_out(bytes.fromhex(digits), order), digits
        for digits in ("12345678", "90000017"):
            yield "bcd32", order, laid_out(bytes.fromhex(digits), order), digits
        for value in (0, 1):
            yield "bool", order, laid_out(bytes([0, value]), order), "true" if value else "false"
        yield "string:13", order, text(order, "Modbus String", 13), "Modbus String"


if __name__ == "__main__":
    print("# Written by make_vectors.py with pymodbus and struct: do not edit, run `make vectors`.")
    for kind, order, wire, value in lines():
        print(kind, order, wire.hex().upper(), value)
