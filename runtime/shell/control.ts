/** Leaves a script, a loop or a function. */
export class Leave extends Error {
  readonly what: 'exit' | 'return' | 'break' | 'continue';
  readonly value: number;

  constructor(what: Leave['what'], value: number) {
    super(what);
    this.what = what;
    this.value = value;
  }
}

/** What ends a script, but only the line of somebody who types. */
export class ExpansionError extends Error {}

/** Somebody typed ^C. */
export class Break extends Error {}
