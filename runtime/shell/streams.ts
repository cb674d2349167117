/** Text on its way from one program to another. Never waits for its reader; a reader waits for text. */
export class Pipe {
  #text = '';
  #isEnded = false;
  #wake: (() => void) | undefined;

  write(text: string): void {
    this.#text += text;
    this.#wake?.();
  }

  end(): void {
    this.#isEnded = true;
    this.#wake?.();
  }

  /** The next line with its end, what is left before the end, or undefined at the end. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n');
      if (end >= 0 || (this.#isEnded && this.#text !== '')) {
        const length = end >= 0 ? end + 1 : this.#text.length;
        const line = this.#text.slice(0, length);
        this.#text = this.#text.slice(length);
        return line;
      }
      if (this.#isEnded) return undefined;
      await this.#more();
    }
  }

  /** All that comes until the end. */
  async rest(): Promise<string> {
    while (!this.#isEnded) await this.#more();
    const text = this.#text;
    this.#text = '';
    return text;
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined;
        resolve();
      };
    });
  }
}

export interface Writer {
  write(text: string): void;
}

export type Reader = Pick<Pipe, 'line' | 'rest'>;

export function readerOf(text: string): Reader {
  const pipe = new Pipe();
  pipe.write(text);
  pipe.end();
  return pipe;
}

export const nothing: Writer = { write: () => undefined };
