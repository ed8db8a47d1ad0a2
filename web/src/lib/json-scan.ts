// SPDX-License-Identifier: MIT
// A strict JSON scanner that remembers places: coloured tokens for the editor, where each JSON
// pointer starts and ends, and the first thing that is not JSON. The text stays the user's own:
// nothing is reformatted, and a document with an error still yields everything before it.

export type TokenKind = "key" | "string" | "number" | "word" | "punctuation" | "space" | "bad";

export interface Token {
  kind: TokenKind;
  start: number;
  end: number;
}

/** Offsets of a value and, for a member of an object, of its key. */
export interface Place {
  start: number;
  end: number;
  keyStart: number;
}

export type ScanProblem =
  | "empty"
  | "unexpected"
  | "unterminated_string"
  | "bad_escape"
  | "bad_number"
  | "expected_key"
  | "expected_colon"
  | "expected_comma"
  | "duplicate_key"
  | "too_deep"
  | "trailing"
  | "unexpected_end";

export interface Scan {
  tokens: Token[];
  places: Map<string, Place>;
  error: { offset: number; problem: ScanProblem } | null;
}

const MAX_DEPTH = 256;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const SPACE = /[ \t\r\n]+/y;

class Stop extends Error {
  constructor(
    readonly offset: number,
    readonly problem: ScanProblem,
  ) {
    super(problem);
  }
}

export function escapePointer(part: string): string {
  return part.replace(/~/g, "~0").replace(/\//g, "~1");
}

class Scanner {
  at = 0;
  readonly tokens: Token[] = [];
  readonly places = new Map<string, Place>();

  constructor(readonly text: string) {}

  private push(kind: TokenKind, end: number): void {
    this.tokens.push({ kind, start: this.at, end });
    this.at = end;
  }

  private match(pattern: RegExp): number {
    pattern.lastIndex = this.at;
    return pattern.test(this.text) ? pattern.lastIndex : -1;
  }

  space(): void {
    const end = this.match(SPACE);
    if (end > 0) this.push("space", end);
  }

  peek(): string {
    return this.text[this.at] ?? "";
  }

  private expect(character: string, problem: ScanProblem): void {
    if (this.peek() !== character) this.fail(this.peek() === "" ? "unexpected_end" : problem);
    this.push("punctuation", this.at + 1);
  }

  fail(problem: ScanProblem): never {
    throw new Stop(this.at, problem);
  }

  private stringEnd(): number {
    let i = this.at + 1;
    for (; i < this.text.length; i++) {
      const c = this.text.charCodeAt(i);
      if (c === 0x22) return i + 1;
      if (c < 0x20) break;
      if (c !== 0x5c) continue;
      const escape = /^(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(this.text.slice(i + 1, i + 6));
      if (!escape) throw new Stop(i, "bad_escape");
      i += escape[0].length;
    }
    throw new Stop(this.at, "unterminated_string");
  }

  value(pointer: string, depth: number, keyStart: number): void {
    if (depth > MAX_DEPTH) this.fail("too_deep");
    this.space();
    const start = this.at;
    const c = this.peek();
    if (c === "") this.fail("unexpected_end");
    if (c === "{") this.object(pointer, depth);
    else if (c === "[") this.array(pointer, depth);
    else if (c === '"') this.push("string", this.stringEnd());
    else this.scalar(c);
    this.places.set(pointer, { start, end: this.at, keyStart: keyStart < 0 ? start : keyStart });
  }

  private scalar(c: string): void {
    const word = this.match(WORD);
    if (word > 0) return this.push("word", word);
    const number = this.match(NUMBER);
    if (number > 0 && !/[\w.+-]/.test(this.text[number] ?? "")) {
      return this.push("number", number);
    }
    return this.fail(/[-\d]/.test(c) ? "bad_number" : "unexpected");
  }

  private object(pointer: string, depth: number): void {
    const seen = new Set<string>();
    this.push("punctuation", this.at + 1);
    this.space();
    if (this.peek() === "}") return this.push("punctuation", this.at + 1);
    for (;;) {
      this.space();
      const keyStart = this.at;
      if (this.peek() !== '"') this.fail(this.peek() === "" ? "unexpected_end" : "expected_key");
      const end = this.stringEnd();
      const key = JSON.parse(this.text.slice(keyStart, end)) as string;
      if (seen.has(key)) this.fail("duplicate_key");
      seen.add(key);
      this.push("key", end);
      this.space();
      this.expect(":", "expected_colon");
      this.value(`${pointer}/${escapePointer(key)}`, depth + 1, keyStart);
      this.space();
      if (this.peek() === "}") return this.push("punctuation", this.at + 1);
      this.expect(",", "expected_comma");
    }
  }

  private array(pointer: string, depth: number): void {
    this.push("punctuation", this.at + 1);
    this.space();
    if (this.peek() === "]") return this.push("punctuation", this.at + 1);
    for (let index = 0; ; index++) {
      this.value(`${pointer}/${index}`, depth + 1, -1);
      this.space();
      if (this.peek() === "]") return this.push("punctuation", this.at + 1);
      this.expect(",", "expected_comma");
    }
  }

  rest(): void {
    if (this.at < this.text.length) this.push("bad", this.text.length);
  }
}

export function scanJson(text: string): Scan {
  const scanner = new Scanner(text);
  let error: Scan["error"] = null;
  try {
    scanner.space();
    if (scanner.at >= text.length) scanner.fail("empty");
    scanner.value("", 0, -1);
    scanner.space();
    if (scanner.at < text.length) scanner.fail("trailing");
  } catch (stop) {
    if (!(stop instanceof Stop)) throw stop;
    error = { offset: stop.offset, problem: stop.problem };
    scanner.rest();
  }
  return { tokens: scanner.tokens, places: scanner.places, error };
}

/** The place of `pointer`, or of its nearest ancestor that the text has. */
export function findPlace(scan: Scan, pointer: string): Place | null {
  for (let p = pointer; ; p = p.slice(0, p.lastIndexOf("/"))) {
    const place = scan.places.get(p);
    if (place) return place;
    if (p === "") return null;
  }
}

/** 1-based line of an offset. */
export function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let i = 0; i < offset && i < text.length; i++) if (text[i] === "\n") line++;
  return line;
}

/** The value at a JSON pointer inside a parsed document; undefined when there is none. */
export function resolvePointer(document: unknown, pointer: string): unknown {
  let value = document;
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replace(/~1/g, "/").replace(/~0/g, "~");
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
