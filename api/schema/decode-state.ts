import { JsonNumber, type Member } from '../json-exact.ts';

/** The body does not fit the type; the message is what clients see. */
export class DecodeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DecodeError';
  }
}

/** Something found on the way. Where it stands is completed while the recursion returns, so a clean object costs no paths. */
export interface Report {
  readonly kind: 'unknown' | 'duplicate' | 'type' | 'value';
  /** What stands in the message: Go's type for `type`, the whole text for `value`. */
  readonly text: string;
  /** `string`, `number 1.5` … for `type`. */
  readonly found: string;
  /** Ends decoding, and so wins over what was found before: refused by the type's own decoder. */
  readonly fatal: boolean;
  /** As strict errors print it: `spec.containers[0].name`; undefined for the value itself. */
  path: string | undefined;
  /** As type errors print it: without indices and keys of maps, with the names of embedded structs. */
  fields: string;
  struct: string;
}

export interface DecodeState {
  readonly reports: Report[];
  readonly repeated: ReadonlyMap<object, readonly Member[]>;
  /** Above 0 inside of types that upstream decodes without strictness. */
  lenient: number;
}

/** Decodes one present, non-null value; `undefined` means: leave the field out. */
export type Decode = (value: unknown, state: DecodeState) => unknown;

export function kindOfJson(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (value instanceof JsonNumber || typeof value === 'bigint') return 'number';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** `fatal`: inside of a type's own decoder, where a wrong type ends decoding like a wrong value does. */
export function reportType(state: DecodeState, found: string, goType: string, fatal = state.lenient > 0): undefined {
  state.reports.push({ kind: 'type', text: goType, found, fatal, path: undefined, fields: '', struct: '' });
  return undefined;
}

/** A value that its type refuses. Base64 is the plain decoder's own matter and does not end decoding. */
export function reportValue(state: DecodeState, message: string, fatal = true): undefined {
  state.reports.push({ kind: 'value', text: message, found: '', fatal, path: undefined, fields: '', struct: '' });
  return undefined;
}

export function reportStrict(state: DecodeState, kind: 'unknown' | 'duplicate', key: string): void {
  if (state.lenient > 0) return;
  state.reports.push({ kind, text: '', found: '', fatal: false, path: key, fields: '', struct: '' });
}

function strictPath(head: string, tail: string | undefined): string {
  if (tail === undefined) return head;
  return tail.startsWith('[') ? head + tail : `${head}.${tail}`;
}

/** Puts `segment` (`[0]` or a map's key) in front of the paths of the reports made since `from`. */
export function underElement(state: DecodeState, from: number, segment: string): void {
  for (let i = from; i < state.reports.length; i += 1) {
    const report = state.reports[i];
    if (report !== undefined) report.path = strictPath(segment, report.path);
  }
}

/** Puts a struct's field in front of the paths of the reports made since `from`. */
export function underField(state: DecodeState, from: number, struct: string, field: { name: string; goName: string }) {
  for (let i = from; i < state.reports.length; i += 1) {
    const report = state.reports[i];
    if (report === undefined) continue;
    report.path = strictPath(field.name, report.path);
    report.fields = report.fields === '' ? field.goName : `${field.goName}.${report.fields}`;
    if (report.struct === '') report.struct = struct;
  }
}

function typeMessage(report: Report): string {
  const target = report.fields === '' ? 'Go value' : `Go struct field ${report.struct}.${report.fields}`;
  return `json: cannot unmarshal ${report.found} into ${target} of type ${report.text}`;
}

/** Upstream collects no more than this. */
const maxStrictErrors = 100;

/** Throws the error that upstream would answer with, or returns the strict errors: distinct, in order, at most 100. */
export function concludeReports(reports: readonly Report[]): string[] {
  const error = reports.find((r) => r.fatal) ?? reports.find((r) => r.kind === 'type' || r.kind === 'value');
  if (error !== undefined) throw new DecodeError(error.kind === 'value' ? error.text : typeMessage(error));
  const strict = new Set(reports.map((r) => `${r.kind} field ${JSON.stringify(r.path ?? '')}`));
  return [...strict].slice(0, maxStrictErrors);
}
