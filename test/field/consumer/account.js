// Counts what arrived: each (gateway, store, p) once, and what is missing below the latest ledger's next.
class Account {
    constructor() {
        this.stores = new Map();
        this.duplicates = 0;
        this.contradictions = 0;
        this.packed = 0;
        this.faults = [];
    }

    store(gateway, id) {
        const key = `${gateway} ${id}`;
        if (!this.stores.has(key)) {
            this.stores.set(key, { arrived: new Map(), drops: [], next: 1, run: "", number: 0 });
        }
        return this.stores.get(key);
    }

    data(gateway, message) {
        const store = this.store(gateway, message.store);
        for (const reading of message.readings) {
            const said = JSON.stringify(reading);
            if (store.arrived.has(reading.p)) {
                this.duplicates++;
                this.contradictions += store.arrived.get(reading.p) === said ? 0 : 1;
            } else {
                store.arrived.set(reading.p, said);
            }
        }
    }

    ledger(gateway, message) {
        for (const said of message.stores) {
            const store = this.store(gateway, said.store);
            if (store.run === message.run && store.number > message.number) {
                continue;
            }
            Object.assign(store, { run: message.run, number: message.number, next: said.next });
            store.drops.push(...said.drops.map((drop) => [drop.from, drop.to]));
        }
    }

    missing(store) {
        const ranges = [];
        for (let p = 1; p < store.next; p++) {
            if (store.arrived.has(p) || store.drops.some(([from, to]) => from <= p && p <= to)) {
                continue;
            }
            const last = ranges[ranges.length - 1];
            if (last && last[1] === p - 1) {
                last[1] = p;
            } else {
                ranges.push([p, p]);
            }
        }
        return ranges;
    }

    text() {
        const stores = [...this.stores].map(([key, store]) => {
            const [gateway, id] = key.split(" ");
            return { gateway, store: id, readings: store.arrived.size, missing: this.missing(store) };
        });
        const readings = stores.reduce((sum, store) => sum + store.readings, 0);
        const { duplicates, contradictions, packed, faults } = this;
        return JSON.stringify({ readings, duplicates, contradictions, packed, faults: faults.slice(0, 20), stores });
    }
}

module.exports = { Account };
