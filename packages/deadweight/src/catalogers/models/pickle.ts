// Layout: CPython's Lib/pickletools.py, protocols 0 to 5: one byte says what to do with a stack and a memo, an argument may
// follow. Nothing is executed: a call leaves an unknown on the stack. PyTorch gives a tensor's storage as a persistent id,
// ("storage", storage class, key, device, number of elements): torch/serialization.py.
import type { HeaderCursor } from "./header-cursor.ts";

/** A tensor storage that a pickle names; `type` is the name of its class, `FloatStorage`. */
export interface Storage {
  readonly type: string;
  readonly elements: number;
}

interface Global {
  readonly global: string;
}
/** What is on the stack: what a persistent id can hold is known, the rest is null. */
type Value = string | number | Global | readonly Value[] | null | typeof mark;
const mark: unique symbol = Symbol("mark");

/** Length of the argument, by opcode, where it is fixed and of no interest. */
const skipped: Readonly<Record<string, number>> = { "\x80": 1, "\x95": 8, "\x82": 1, "\x83": 2, "\x84": 4, G: 8 };
/** Opcodes whose argument is bytes, with how many bytes their length has; the texts among them are kept. */
const counted: Readonly<Record<string, { readonly bytes: 1 | 4 | 8; readonly isText: boolean }>> = {
  T: { bytes: 4, isText: true },
  U: { bytes: 1, isText: true },
  X: { bytes: 4, isText: true },
  "\x8c": { bytes: 1, isText: true },
  "\x8d": { bytes: 8, isText: true },
  B: { bytes: 4, isText: false },
  C: { bytes: 1, isText: false },
  "\x8e": { bytes: 8, isText: false },
  "\x96": { bytes: 8, isText: false },
};
/** How many values an opcode takes off the stack, and whether it leaves an unknown. */
const plain: Readonly<Record<string, readonly [takes: number, leaves: boolean]>> = {
  N: [0, true],
  "\x88": [0, true],
  "\x89": [0, true],
  "}": [0, true],
  "]": [0, true],
  "\x8f": [0, true],
  "\x97": [0, true],
  "\x82": [0, true],
  "\x83": [0, true],
  "\x84": [0, true],
  G: [0, true],
  "0": [1, false],
  a: [1, false],
  b: [1, false],
  s: [2, false],
  R: [2, true],
  "\x81": [2, true],
  "\x92": [3, true],
  "\x80": [0, false],
  "\x95": [0, false],
  "\x98": [0, false],
};
/** Opcodes that take all down to the mark, and whether they leave an unknown. */
const toMark: Readonly<Record<string, boolean>> = {
  "1": false,
  e: false,
  u: false,
  "\x90": false,
  d: true,
  l: true,
  o: true,
  "\x91": true,
};

/** Reads one pickle and adds the storages that it names, by key. Leaves the cursor behind it, or in a state that is not fine. */
export function scanPickle(cursor: HeaderCursor, storages: Map<string, Storage>): void {
  const scan = new PickleScan(cursor, storages);
  while (cursor.state === "fine" && !scan.isDone) scan.step();
}

/** Tuples may hold each other without end as text: only text is taken. */
function plainText(value: Value | undefined): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

class PickleScan {
  readonly #cursor: HeaderCursor;
  readonly #storages: Map<string, Storage>;
  readonly #stack: Value[] = [];
  readonly #memo = new Map<number, Value>();
  isDone = false;

  constructor(cursor: HeaderCursor, storages: Map<string, Storage>) {
    this.#cursor = cursor;
    this.#storages = storages;
  }

  step(): void {
    const opcode = String.fromCharCode(this.#cursor.u8());
    if (this.#cursor.state !== "fine") return;
    if (opcode === ".") this.isDone = true;
    else if (!this.#simple(opcode) && !this.#literal(opcode) && !this.#memory(opcode) && !this.#compose(opcode))
      this.#cursor.fail();
  }

  #simple(opcode: string): boolean {
    const below = toMark[opcode];
    const effect = plain[opcode];
    this.#cursor.skip(skipped[opcode] ?? 0);
    if (below !== undefined) this.#takeToMark();
    else if (effect === undefined) return false;
    for (let taken = 0; taken < (effect?.[0] ?? 0); taken++) this.#stack.pop();
    if (below ?? effect?.[1]) this.#stack.push(null);
    return true;
  }

  #literal(opcode: string): boolean {
    const { bytes, isText } = counted[opcode] ?? {};
    if (bytes !== undefined) {
      const length = bytes === 1 ? this.#cursor.u8() : bytes === 4 ? this.#cursor.u32() : this.#cursor.u64();
      if (isText === true) this.#stack.push(this.#cursor.text(length));
      else this.#cursor.skip(length);
      if (isText !== true) this.#stack.push(null);
    } else if (opcode === "K") this.#stack.push(this.#cursor.u8());
    else if (opcode === "M") this.#stack.push(this.#cursor.u16());
    else if (opcode === "J") this.#stack.push(this.#cursor.u32());
    else if (opcode === "\x8a") this.#stack.push(this.#cursor.integer(this.#cursor.u8()));
    else if (opcode === "\x8b") this.#stack.push(this.#cursor.integer(this.#cursor.u32()));
    else if (opcode === "I" || opcode === "L") this.#stack.push(Number(this.#cursor.line().replace(/L$/, "")));
    else if (opcode === "F") this.#stack.push(Number(this.#cursor.line()));
    else if (opcode === "V") this.#stack.push(this.#cursor.line());
    else if (opcode === "S") this.#stack.push(this.#cursor.line().slice(1, -1));
    else if (opcode === "c") this.#stack.push({ global: `${this.#cursor.line()}.${this.#cursor.line()}` });
    else return false;
    return true;
  }

  #memory(opcode: string): boolean {
    const top = this.#stack.at(-1) ?? null;
    if (opcode === "q") this.#memo.set(this.#cursor.u8(), top);
    else if (opcode === "r") this.#memo.set(this.#cursor.u32(), top);
    else if (opcode === "p") this.#memo.set(Number(this.#cursor.line()), top);
    else if (opcode === "\x94") this.#memo.set(this.#memo.size, top);
    else if (opcode === "h") this.#stack.push(this.#memo.get(this.#cursor.u8()) ?? null);
    else if (opcode === "j") this.#stack.push(this.#memo.get(this.#cursor.u32()) ?? null);
    else if (opcode === "g") this.#stack.push(this.#memo.get(Number(this.#cursor.line())) ?? null);
    else if (opcode === "2") this.#stack.push(top);
    else return false;
    return true;
  }

  #compose(opcode: string): boolean {
    const stack = this.#stack;
    if (opcode === "(") stack.push(mark);
    else if (opcode === "t") stack.push(this.#takeToMark());
    else if (opcode === ")") stack.push([]);
    else if (opcode >= "\x85" && opcode <= "\x87") stack.push(stack.splice(-(opcode.charCodeAt(0) - 0x84)));
    else if (opcode === "\x93") stack.push({ global: stack.splice(-2).map(plainText).join(".") });
    else if (opcode === "Q") this.#persistent(stack.pop() ?? null);
    else if (opcode === "P") this.#persistent(this.#cursor.line());
    else if (opcode === "i") {
      this.#cursor.line();
      this.#cursor.line();
      this.#takeToMark();
      stack.push(null);
    } else return false;
    return true;
  }

  #persistent(id: Value): void {
    if (Array.isArray(id) && id[0] === "storage" && typeof id[4] === "number") {
      const type = typeof id[1] === "object" && id[1] !== null && "global" in id[1] ? id[1].global : "";
      this.#storages.set(plainText(id[2]), { type: type.slice(type.lastIndexOf(".") + 1), elements: id[4] });
    }
    this.#stack.push(null);
  }

  #takeToMark(): Value[] {
    const at = this.#stack.lastIndexOf(mark);
    const taken = this.#stack.splice(Math.max(0, at));
    return at < 0 ? taken : taken.slice(1);
  }
}
