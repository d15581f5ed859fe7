// A consumer of the contract that was written from docs/contract/asyncapi.yaml alone:
//   node consumer.js MODULES CONTRACT PORT HOST CA CERTIFICATE KEY SITE
//     prints its account as a line of JSON whenever that has changed
//   node consumer.js MODULES CONTRACT PORT HOST CA CERTIFICATE KEY SITE GATEWAY '{"v":1,"ask":...}'
//     asks, prints each answer, and ends when no other follows
const crypto = require("node:crypto");
const fs = require("node:fs");
const { createRequire } = require("node:module");
const { Account } = require("./account.js");
const { Contract } = require("./contract.js");

const [folder, documents, port, host, ca, cert, key, site, gateway, question] = process.argv.slice(2);
const modules = createRequire(folder + "/");
const contract = new Contract(modules, documents, site);

function connect(clientId, sessionSeconds) {
    return modules("mqtt").connectAsync({
        protocol: "mqtts", host: "127.0.0.1", port: Number(port), servername: host, protocolVersion: 5,
        clientId, clean: sessionSeconds === 0, properties: { sessionExpiryInterval: sessionSeconds },
        reconnectPeriod: 200, ca: fs.readFileSync(ca), cert: fs.readFileSync(cert), key: fs.readFileSync(key),
    });
}

async function consume() {
    const account = new Account();
    const client = await connect("foreign", 3600);
    let told = "";
    client.on("message", (topic, payload, packet) => {
        const found = contract.find(topic);
        try {
            if (!found) {
                throw new Error("a topic that the document does not have");
            }
            const { message, packed } = contract.read(found.channel, payload, packet);
            account.packed += packed ? 1 : 0;
            account[found.channel.name]?.(found.gateway, message);
        } catch (error) {
            account.faults.push(`${topic}: ${error.message}`);
        }
    });
    for (const filter of contract.filters()) {
        await client.subscribeAsync(filter, { qos: 1, rap: true });
    }
    console.log("subscribed");
    setInterval(() => {
        const now = account.text();
        if (now !== told) {
            console.log(told = now);
        }
    }, 100);
}

async function ask() {
    const asked = JSON.parse(question);
    const { payload } = contract.channels.find((channel) => channel.name === "ask");
    if (!payload(asked)) {
        throw new Error(contract.ajv.errorsText(payload.errors));
    }
    const client = await connect("foreign-ask", 0);
    const correlationData = crypto.randomBytes(16);
    const responseTopic = contract.topic("answer", gateway).replace("{request}", "foreign");
    const answered = new Promise((resolve, reject) => client.on("message", (topic, bytes, packet) => {
        try {
            const { message } = contract.read(contract.find(topic).channel, bytes, packet);
            if (packet.properties.correlationData.equals(correlationData)) {
                console.log(JSON.stringify(message));
                if (message.result !== "accepted") {
                    resolve(message.result === "done" ? 0 : 1);
                }
            }
        } catch (error) {
            reject(error);
        }
    }));
    await client.subscribeAsync(responseTopic, { qos: 1, rap: true });
    await client.publishAsync(
        contract.topic("ask", gateway), question, { qos: 1, properties: { responseTopic, correlationData } });
    const code = await answered;
    await client.endAsync();
    return code;
}

(question ? ask().then((code) => process.exit(code)) : consume()).catch((error) => {
    console.error(String(error.stack ?? error));
    process.exit(2);
});
