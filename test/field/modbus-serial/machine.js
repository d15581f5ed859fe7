// A Modbus TCP server of npm's modbus-serial. Run by test/field: node machine.js FOLDER-WITH-NODE_MODULES PORT
// Prints "listening" once it serves. Unit 1 and no other.
//
// holding 0..1  123456 as uint32, high word first     holding 2..3  71.25 as float32, high word first
// holding 4     -2 as int16                           holding 10..  each the triple of its number
// holding from 500 on are refused                     input n       n + 1000
// coil n        on where n is a multiple of 3         discrete n    on where n is a multiple of 5
const { createRequire } = require("node:module");
const { ServerTCP } = createRequire(process.argv[2] + "/")("modbus-serial");

const holding = [0x0001, 0xe240, 0x428e, 0x8000, 0xfffe];
const machine = {
    getHoldingRegister: (address) => {
        if (address >= 500) {
            throw { modbusErrorCode: 2, msg: "no such register" };
        }
        return holding[address] ?? address * 3;
    },
    getInputRegister: (address) => address + 1000,
    getCoil: (address) => address % 3 === 0,
    getDiscreteInput: (address) => address % 5 === 0,
};
const server = new ServerTCP(machine, { host: "127.0.0.1", port: Number(process.argv[3]), unitID: 1 });
server.on("initialized", () => console.log("listening"));
server.on("socketError", (error) => console.error(String(error)));
