export interface Piece {
  readonly text: string;
  readonly quoted: boolean;
  /** Of a variable or a command: unquoted, it is cut into fields. */
  readonly isValue?: boolean;
}

/** The words of `"$@"` are cut whatever their text. */
export interface Cut {
  readonly isCut: true;
}

export type Pieces = (Piece | Cut)[];

type Field = readonly Piece[];

/** Unquoted values are cut at separators; a word that has nothing but empty unquoted values is none. */
export function cutIntoFields(pieces: Pieces, separators: string): Field[] {
  const cutter = new Cutter(separators);
  for (const piece of pieces) {
    if ('isCut' in piece) cutter.cut();
    else if (piece.quoted) cutter.add(piece);
    else if (piece.isValue === true) cutter.split(piece.text);
    else if (piece.text !== '') cutter.add(piece);
  }
  return cutter.fields();
}

class Cutter {
  readonly #fields: Piece[][] = [];
  readonly #separators: string;
  #current: Piece[] | undefined;
  #isClosedByBlank = false;

  constructor(separators: string) {
    this.#separators = separators;
  }

  add(piece: Piece): void {
    this.#current = [...(this.#current ?? []), piece];
    this.#isClosedByBlank = false;
  }

  cut(): void {
    this.#close();
    this.#isClosedByBlank = false;
  }

  #close(): void {
    if (this.#current !== undefined) this.#fields.push(this.#current);
    this.#current = undefined;
  }

  split(text: string): void {
    let plain = '';
    const flush = (): void => {
      if (plain !== '') this.add({ text: plain, quoted: false });
      plain = '';
    };
    for (const char of text) {
      if (!this.#separators.includes(char)) {
        plain += char;
        continue;
      }
      flush();
      const isOpen = this.#current !== undefined;
      if (/[ \t\n]/.test(char)) {
        this.#isClosedByBlank ||= isOpen;
        this.#close();
      } else {
        if (!isOpen && !this.#isClosedByBlank) this.#fields.push([]);
        this.#close();
        this.#isClosedByBlank = false;
      }
    }
    flush();
  }

  fields(): Field[] {
    this.#close();
    return this.#fields;
  }
}
