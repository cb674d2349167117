import type { ByteText } from '../../../files/file-tree.ts';

/** A status line, which is not a string of bytes. */
export class Status {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What the server answers when it cannot: `ERR wrong number…`. */
export class RedisError extends Error {}

export type Reply = Status | RedisError | ByteText | number | null | readonly Reply[];

export const ok = new Status('OK');

/** As the protocol (version 2) has it. */
export function encode(reply: Reply): ByteText {
  if (reply === null) return '$-1\r\n';
  if (typeof reply === 'number') return `:${reply}\r\n`;
  if (typeof reply === 'string') return `$${reply.length}\r\n${reply}\r\n`;
  if (reply instanceof Status) return `+${reply.text}\r\n`;
  if (reply instanceof RedisError) return `-${reply.message}\r\n`;
  return `*${reply.length}\r\n${reply.map(encode).join('')}`;
}

/** Takes pieces of any size and gives what is whole: answers, and commands, inline ones too. */
export class Parser {
  #text = '';

  push(piece: ByteText): void {
    this.#text += piece;
  }

  /** Undefined: there is more to come. */
  next(): Reply | undefined {
    const parsed = this.#parse(0);
    if (parsed === undefined) return undefined;
    this.#text = this.#text.slice(parsed.end);
    return parsed.value;
  }

  #parse(at: number): { readonly value: Reply; readonly end: number } | undefined {
    const stop = this.#text.indexOf('\n', at);
    if (stop < 0) return undefined;
    const line = this.#text.slice(at, stop).replace(/\r$/, '');
    const end = stop + 1;
    const rest = line.slice(1);
    switch (line[0]) {
      case '+':
        return { value: new Status(rest), end };
      case '-':
        return { value: new RedisError(rest), end };
      case ':':
        return { value: Number(rest), end };
      case '$': {
        const length = Number(rest);
        if (length < 0) return { value: null, end };
        if (this.#text.length < end + length + 2) return undefined;
        return { value: this.#text.slice(end, end + length), end: end + length + 2 };
      }
      case '*':
        return this.#list(Number(rest), end);
      default:
        return { value: line.split(/\s+/).filter((word) => word !== ''), end };
    }
  }

  #list(length: number, from: number): { readonly value: Reply; readonly end: number } | undefined {
    if (length < 0) return { value: null, end: from };
    const values: Reply[] = [];
    let at = from;
    while (values.length < length) {
      const parsed = this.#parse(at);
      if (parsed === undefined) return undefined;
      values.push(parsed.value);
      at = parsed.end;
    }
    return { value: values, end: at };
  }
}
