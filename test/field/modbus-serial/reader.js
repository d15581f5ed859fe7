// npm's modbus-serial as a client: node reader.js FOLDER-WITH-NODE_MODULES tcp|rtu PORT FROM COUNT
// Prints what it reads of each table as JSON, or the error that it got: holding, input, coils, discrete.
const { createRequire } = require("node:module");
const Client = createRequire(process.argv[2] + "/")("modbus-serial");

async function main() {
    const [wire, port, from, count] = [process.argv[3], ...process.argv.slice(4).map(Number)];
    const client = new Client();
    const connect = wire === "tcp" ? client.connectTCP : client.connectTelnet; // RTU as it is, on a TCP port
    await connect.call(client, "127.0.0.1", { port });
    client.setID(1);
    client.setTimeout(5000);
    const said = {};
    for (const [table, read] of Object.entries({
        holding: client.readHoldingRegisters, input: client.readInputRegisters,
        coils: client.readCoils, discrete: client.readDiscreteInputs,
    })) {
        try {
            said[table] = (await read.call(client, from, count)).data.slice(0, count);
        } catch (error) {
            said[table] = [String(error.message)];
        }
    }
    console.log(JSON.stringify(said));
    client.close(() => process.exit(0));
}

main().catch((error) => {
    console.error(String(error));
    process.exit(1);
});
