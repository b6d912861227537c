// An evaluator of price expressions for forms, by the rules at the top of genmux/services/estimates/evaluation.py.
// Reads {tables, cases: [{expression, params}]} and writes [{low, high, unknown}]. Numbers are binary fractions here.

const span = (low, high = low) => ({ low, high });
const plain = (value) => (typeof value === "string" ? value.toLowerCase() : value);
const roundUp = (number, step) => Math.ceil(number / step - 1e-9) * step; // 1.1 / 0.1 is a little more than 11
const SIZE = /^\s*(\d+)\s*[x×*]\s*(\d+)\s*$/i;

class Facts {
  constructor(tables, given, params) {
    this.tables = tables;
    this.params = params;
    this.given = {};
    this.hidden = new Set();
    this.numbers = {};
    for (const [name, value] of Object.entries(given)) {
      const usual = tables.aliases[name] ?? name;
      if (value === null) {
        if (tables.measures.includes(usual)) this.hidden.add(usual);
      } else if (value !== "auto") this.given[usual] = value;
    }
    this.measureText();
    this.measureSize();
  }

  measureText() {
    const { given, hidden, tables } = this;
    if (typeof given.prompt === "string") {
      given.characters ??= [...given.prompt].length;
      given.prompt_bytes ??= Buffer.byteLength(given.prompt);
      given.text_bytes ??= given.prompt_bytes + tables.around;
    }
    if (given.characters !== undefined && given.text_bytes === undefined && !hidden.has("text_bytes"))
      this.numbers.text_bytes = span(given.characters, given.characters * 4 + tables.around);
  }

  measureSize() {
    if (this.given.pixels !== undefined || this.hidden.has("pixels")) return;
    const sides = this.sides();
    if (sides) {
      this.numbers.pixels = span(sides[0] * sides[1]);
      return;
    }
    let areas = this.areas(this.values("size") ?? []);
    if (!areas.length) areas = this.areas(this.values("resolution") ?? []);
    if (areas.length)
      this.numbers.pixels = span(Math.min(...areas.map((a) => a[0])), Math.max(...areas.map((a) => a[1])));
  }

  areas(values) {
    const found = [];
    for (const value of values) {
      const size = SIZE.exec(String(value));
      if (size) found.push([size[1] * size[2], size[1] * size[2]]);
      for (const name of this.names("resolution", value)) {
        const area = this.tables.areas[name];
        if (area) found.push([area * 0.75, area * Number(this.tables.widest)]);
      }
    }
    return found;
  }

  sides() {
    const { width, height } = this.given;
    if (Number.isInteger(width) && Number.isInteger(height)) return [width, height];
    for (const name of ["size", "resolution"]) {
      const values = this.values(name);
      const size = values && values.length === 1 ? SIZE.exec(String(values[0])) : null;
      if (size) return [Number(size[1]), Number(size[2])];
    }
    return null;
  }

  values(name) {
    if (this.given[name] !== undefined) return [this.given[name]];
    const param = this.params[name];
    if (!param || param.type === "array") return null;
    if (param.default != null && param.default !== "auto") return [param.default];
    const choices = param.choices ?? [];
    const chosen = choices.filter((one) => one !== "auto");
    return chosen.length && chosen.length === choices.length ? chosen : null;
  }

  number(name) {
    return (this.numbers[name] ??= this.find(name));
  }

  find(name) {
    if (this.hidden.has(name)) return span(0, null);
    const values = this.values(name);
    if (values) {
      const numbers = values
        .filter((one) => typeof one === "number" || (typeof one === "string" && /^\d+\.?\d*$|^\.\d+$/.test(one)))
        .map(Number);
      if (numbers.length) return span(Math.min(...numbers), Math.max(...numbers));
    }
    const param = this.params[name];
    if (!param || param.max == null || !["integer", "number"].includes(param.type)) return span(0, null);
    return span(param.min ?? 0, param.max);
  }

  told(name) {
    let values = this.values(name);
    if (values === null && name === "size") {
      const sides = this.sides();
      if (sides) values = [`${sides[0]}x${sides[1]}`];
    }
    return values && values.map((value) => this.names(name, value));
  }

  guessed(name) {
    const size = this.sides();
    if (size === null || name !== "resolution") return new Set();
    const least = Math.min(...size);
    const kilo = this.tables.kilos.find(([, most]) => size[0] * size[1] <= most)?.[0] ?? "8k";
    return new Set([...this.names(name, `${least}p`), ...this.names(name, kilo), String(least)]);
  }

  names(name, value) {
    const told = plain(value);
    if (name === "size") return new Set([String(told).replace(/\s*[×*]\s*/g, "x")]);
    if (name !== "resolution" || typeof told === "boolean") return new Set([told]);
    const spelt = /^\d+$/.test(String(told)) ? [String(told), `${told}p`] : [String(told)];
    const same = this.tables.synonyms.filter((names) => names.some((one) => spelt.includes(one)));
    return new Set([...spelt, ...same.flat()]);
  }
}

class Evaluation {
  constructor(tables, expression, params) {
    this.tables = tables;
    this.expression = expression;
    this.facts = new Facts(tables, params, expression.params ?? {});
    this.unknown = (expression.unpriced ?? []).length > 0;
  }

  run() {
    let low = 0;
    let high = 0;
    for (const item of this.expression.items ?? [])
      for (const [kind, cost] of this.cost(item, this.tree(item.quantity))) {
        if (kind !== "") this.unknown = true; // credits, whose rate nobody told
        else {
          low += cost.low;
          high += cost.high;
        }
      }
    return this.unknown ? { low, high: null, unknown: true } : { low: Math.min(low, high), high, unknown: false };
  }

  cost(item, quantity) {
    const found = new Map();
    if (quantity.high === 0) return found;
    const rows = this.rows(item, quantity);
    if (!rows.length) this.unknown = true;
    if (quantity.high === null && rows.some((row) => Number(row.amount))) this.unknown = true;
    for (const row of rows) {
      const kind = row.credit_type ?? "";
      const cost = span(amount(row, quantity.low), amount(row, quantity.high ?? quantity.low));
      const known = found.get(kind);
      found.set(kind, known ? span(Math.min(known.low, cost.low), Math.max(known.high, cost.high)) : cost);
    }
    if (!rows.length) return found;
    const steps = item.rows.map((row) => row.when?.seconds_gt).filter((step) => step);
    for (const step of steps.filter((one) => quantity.high === null || one < quantity.high))
      for (const row of this.rows(item, span(step))) {
        const known = found.get(row.credit_type ?? "");
        if (known) known.high = Math.max(known.high, amount(row, step));
      }
    return found;
  }

  rows(item, quantity) {
    const found = [];
    for (const meter of new Set([item.meter, ...item.rows.map((row) => row.meter)])) {
      const rows = item.rows.filter((row) => row.meter === meter);
      found.push(...this.holding(rows, (when) => this.holds(when, item.rows, quantity), (row) => this.rank(row)));
      if (!found.length) break;
    }
    return found;
  }

  rank(row) {
    const when = row.when ?? {};
    const ordered = this.tables.ordered.filter((name) => name in when);
    const values = ordered.map((name) => {
      const day = Date.parse(when[name]) / 86_400_000;
      return name === "from" ? day : name === "until" ? -day : when[name];
    });
    return [Object.keys(when).length - ordered.length, ordered.length, ...values];
  }

  holding(choices, holds, order) {
    const when = (choice) => choice.when ?? {};
    const may = choices.map((choice) => [choice, holds(when(choice))]).filter(([, certain]) => certain !== false);
    if (!may.length)
      return choices.filter((choice) => {
        const kept = Object.entries(when(choice)).filter(
          ([name]) => !this.tables.asked_for.includes(name) || this.facts.told(name) !== null,
        );
        return holds(Object.fromEntries(kept)) !== false;
      });
    const certain = may.filter(([, holding]) => holding === true).map(([choice]) => order(choice));
    const least = certain.reduce((one, other) => (one === null || compare(other, one) > 0 ? other : one), null);
    return may.map(([choice]) => choice).filter((choice) => least === null || compare(order(choice), least) >= 0);
  }

  holds(when, choices, quantity) {
    let certain = true;
    for (const [name, wanted] of Object.entries(when)) {
      let holding = null;
      if (name in this.tables.thresholds) holding = this.passes(name, wanted, quantity);
      else if (!this.tables.times.includes(name)) holding = this.fits(name, wanted, choices);
      if (holding === false) return false;
      certain = certain && holding;
    }
    return certain;
  }

  passes(name, least, own) {
    const tree = (this.expression.thresholds ?? {})[name];
    const quantity = this.tables.thresholds[name] === null ? own : tree ? this.tree(tree) : null;
    if (quantity === null) return null;
    if (quantity.low > least) return true;
    return quantity.high === null || quantity.high > least ? null : false;
  }

  fits(name, wanted, choices) {
    const told = this.facts.told(name);
    if (told === null) {
      const guessed = this.facts.guessed(name);
      const known = choices.filter((one) => name in (one.when ?? {})).map((one) => plain(one.when[name]));
      if (known.some((one) => guessed.has(one))) return guessed.has(plain(wanted)) ? null : false;
      return this.tables.asked_for.includes(name) ? false : null;
    }
    const fitting = told.map((names) =>
      name === "steps" && typeof wanted === "number"
        ? [...names].every((one) => typeof one === "number" && one <= wanted)
        : names.has(plain(wanted)),
    );
    return fitting.every(Boolean) ? true : fitting.some(Boolean) ? null : false;
  }

  tree(tree) {
    const parts = Array.isArray(tree.of) ? () => tree.of.map((one) => this.tree(one)) : null;
    switch (tree.do) {
      case "number":
        return span(Number(tree.value));
      case "param":
        return this.facts.number(tree.name);
      case "add":
        return parts().reduce(
          (sum, one) => span(sum.low + one.low, sum.high === null || one.high === null ? null : sum.high + one.high),
          span(0),
        );
      case "multiply": {
        const spans = parts();
        if (spans.some((one) => one.high === 0)) return span(0);
        const high = spans.some((one) => one.high === null) ? null : spans.reduce((all, one) => all * one.high, 1);
        return span(spans.reduce((all, one) => all * one.low, 1), high);
      }
      case "least": {
        const spans = parts();
        const known = spans.map((one) => one.high).filter((one) => one !== null);
        return known.length ? span(Math.min(...spans.map((one) => one.low)), Math.min(...known)) : spans[0];
      }
      case "first": {
        const spans = parts();
        return spans.find((one) => one.high !== null) ?? spans[0];
      }
      case "round_up": {
        const { low, high } = this.tree(tree.of);
        const step = Number(tree.to);
        return span(roundUp(low, step), high === null ? null : roundUp(high, step));
      }
      case "between": {
        const low = this.tree(tree.low).low;
        const high = this.tree(tree.high).high;
        return span(high === null ? low : Math.min(low, high), high);
      }
      case "pick": {
        const holds = (when) => this.holds(when, tree.cases, null);
        const order = (one) => [Object.keys(one.when ?? {}).length];
        const values = this.holding(tree.cases, holds, order).map((one) => Number(one.value));
        return values.length ? span(Math.min(...values), Math.max(...values)) : span(0, null);
      }
      default:
        throw new Error(`there is no ${tree.do}`);
    }
  }
}

function billed(row, quantity) {
  if (!quantity) return 0;
  let left = quantity;
  if (row.free != null) left = Math.max(0, left - row.free);
  if (row.round_to != null) left = roundUp(left, row.round_to);
  return row.minimum == null ? left : Math.max(left, row.minimum);
}

function amount(row, quantity) {
  return (billed(row, quantity) * Number(row.amount)) / (row.per ?? 1);
}

function compare(one, other) {
  for (let place = 0; place < Math.max(one.length, other.length); place += 1) {
    if (one[place] === undefined || other[place] === undefined) return one.length - other.length;
    if (one[place] !== other[place]) return one[place] - other[place];
  }
  return 0;
}

const { tables, cases } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const found = cases.map(({ expression, params }) => new Evaluation(tables, expression, params).run());
process.stdout.write(JSON.stringify(found));
