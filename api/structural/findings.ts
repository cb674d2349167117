import { type FieldError, FieldPath, required, tooLong, tooMany } from '../field-error.ts';
import { goQuote } from '../go-text.ts';
import { sortedJson, valueError } from './go-print.ts';

/** What a value validation found wrong, before it becomes a field error. */
export interface Finding {
  readonly kind: 'type' | 'required' | 'enum' | 'tooLong' | 'tooMany' | 'invalid' | 'general';
  /** Where, as upstream's validator writes it: `spec.list[0].name`. */
  readonly name: string;
  /** Findings with the same text are one. */
  readonly text: string;
  readonly value?: unknown;
  readonly limit?: number;
  readonly values?: readonly unknown[];
}

/** Collects what one check finds. `matches` counts what was fine: the best of failed alternatives has the most. */
export interface Findings {
  readonly list: Finding[];
  matches: number;
}

export function noFindings(): Findings {
  return { list: [], matches: 0 };
}

export function addFinding(to: Findings, finding: Finding): void {
  for (const { text } of to.list) if (text === finding.text) return;
  to.list.push(finding);
}

export function mergeFindings(to: Findings, from: Findings): void {
  for (const finding of from.list) addFinding(to, finding);
  to.matches += from.matches;
}

/** One check of a value: a walk keeps the way to where it is, so that a sound value costs no texts. */
export interface Walk {
  /** Names and indices from the root. */
  readonly way: (string | number)[];
  found: Findings;
}

export function nameOf(way: readonly (string | number)[]): string {
  let name = '';
  for (const step of way) {
    if (typeof step === 'number') name += `[${step}]`;
    else name = name === '' ? step : `${name}.${step}`;
  }
  return name;
}

export function reportInvalid(walk: Walk, value: unknown, detail: string): void {
  const name = nameOf(walk.way);
  addFinding(walk.found, { kind: 'invalid', name, value, text: `${name} in body ${detail}` });
}

/** About the whole: upstream names no field. */
export function reportGeneral(walk: Walk, text: (name: string) => string): void {
  const name = nameOf(walk.way);
  addFinding(walk.found, { kind: 'general', name, text: text(name) });
}

export function reportType(walk: Walk, type: string, value: string): void {
  const name = nameOf(walk.way);
  const text = `${name} in body must be of type ${type}: ${goQuote(value)}`;
  addFinding(walk.found, { kind: 'type', name, value, text });
}

function childOf(base: FieldPath | undefined, name: string): FieldPath | undefined {
  const trimmed = name.startsWith('.') ? name.slice(1) : name;
  if (trimmed === '') return base;
  return base === undefined ? FieldPath.of(trimmed) : base.child(trimmed);
}

/** `base` is where the value stands: undefined for a whole object. */
export function fieldErrorOf(finding: Finding, base: FieldPath | undefined): FieldError {
  const path = finding.kind === 'general' ? base : childOf(base, finding.name);
  const at = path ?? FieldPath.of('<nil>');
  const { limit = -1, value } = finding;
  const field = at.toString();
  switch (finding.kind) {
    case 'required':
      return required(at);
    case 'enum': {
      const values = (finding.values ?? []).map((each) => (typeof each === 'string' ? each : sortedJson(each)));
      const detail = `supported values: ${values.map(goQuote).join(', ')}`;
      return valueError('FieldValueNotSupported', field, value, detail);
    }
    case 'tooLong':
      return tooLong(at, limit);
    case 'tooMany':
      return tooMany(at, Number(value), limit);
    case 'type':
      return valueError('FieldValueTypeInvalid', field, value ?? '', finding.text);
    case 'invalid':
    case 'general':
      return valueError('FieldValueInvalid', field, value ?? '', finding.text);
  }
}
