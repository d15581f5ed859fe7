// Reads docs/contract/asyncapi.yaml: which topics there are, whether they are retained, and how a message is judged.
// Nothing here knows a topic or a key of a message but by that document.
const fs = require("node:fs");
const path = require("node:path");
const zlib = require("node:zlib");

const UNPACKED_MAX = 1 << 20;

class Contract {
    constructor(modules, folder, site) {
        this.folder = folder;
        this.document = modules("yaml").parse(fs.readFileSync(path.join(folder, "asyncapi.yaml"), "utf8"));
        const Ajv = modules("ajv");
        this.ajv = new Ajv({ strict: false });
        const schemas = path.join(folder, "schemas");
        for (const name of fs.readdirSync(schemas)) {
            const schema = JSON.parse(fs.readFileSync(path.join(schemas, name), "utf8"));
            this.ajv.addSchema({ ...schema, $id: name });
        }
        this.channels = Object.values(this.document.operations).flatMap((operation) => [
            this.channel(operation, site),
            // An answer is never kept by the broker: its topic is the asker's own.
            ...(operation.reply
                ? [this.channel({ ...operation.reply, action: "answer", bindings: operation.bindings }, site)]
                : []),
        ]);
    }

    channel(operation, site) {
        const channel = this.resolve(operation.channel);
        const message = this.resolve(Object.values(channel.messages)[0]);
        const levels = channel.address.split("/").map((level) => (level === "{site}" ? site : level));
        return {
            name: operation.channel.$ref.split("/").pop(),
            action: operation.action,
            retain: operation.bindings.mqtt.retain,
            levels,
            payload: this.judge(message.payload),
            headers: message.headers ? this.ajv.compile(this.resolve(message.headers)) : () => true,
        };
    }

    // A message without a schema is not JSON, and not for a consumer of readings: a gateway's request to its authority.
    judge(payload) {
        if (!payload) {
            return null;
        }
        return payload.$ref ? this.ajv.getSchema(path.basename(payload.$ref)) : this.ajv.compile(payload);
    }

    resolve(node) {
        return node.$ref
            ? node.$ref.slice(2).split("/").reduce((at, key) => at[key], this.document)
            : node;
    }

    filters() {
        return this.channels.filter((channel) => channel.action === "send" && channel.payload)
            .map((channel) => channel.levels.map((level) => (level.startsWith("{") ? "+" : level)).join("/"));
    }

    // What a topic is, and the gateway that it names.
    find(topic) {
        const levels = topic.split("/");
        for (const channel of this.channels) {
            const fits = channel.levels.length === levels.length
                && channel.levels.every((level, at) => level.startsWith("{") || level === levels[at]);
            if (fits) {
                return { channel, gateway: levels[channel.levels.indexOf("{gateway}")] };
            }
        }
        return null;
    }

    topic(name, gateway) {
        return this.channels.find((channel) => channel.name === name).levels
            .map((level) => (level === "{gateway}" ? gateway : level)).join("/");
    }

    // The message as an object; throws a sentence where the document does not allow it.
    read(channel, payload, packet) {
        const properties = { ...(packet.properties?.userProperties ?? {}) };
        if (!channel.headers(properties)) {
            const said = JSON.stringify(properties);
            throw new Error(`user properties ${said}: ${this.ajv.errorsText(channel.headers.errors)}`);
        }
        if (packet.retain !== channel.retain) {
            throw new Error(`retain is ${packet.retain}`);
        }
        const bytes = properties["content-encoding"] === "gzip"
            ? zlib.gunzipSync(payload, { maxOutputLength: UNPACKED_MAX })
            : payload;
        const message = JSON.parse(bytes.toString("utf8"));
        if (!channel.payload(message)) {
            throw new Error(this.ajv.errorsText(channel.payload.errors));
        }
        return { message, packed: bytes !== payload };
    }
}

module.exports = { Contract };
