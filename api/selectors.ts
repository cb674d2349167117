import { goQuote } from './go-text.ts';
import {
  createLabelTest,
  createRequirement,
  type LabelOperator,
  type LabelRequirement,
  type Labels,
  requirementText,
} from './label-requirement.ts';
import { parseRequirements } from './label-syntax.ts';
import type { LabelSelector } from './object.ts';
import { badRequest } from './status.ts';

export interface LabelMatcher {
  matches(labels: Labels): boolean;
  readonly isEverything: boolean;
  /** A nil selector: matches nothing, and has no requirements either. */
  readonly isNothing: boolean;
  readonly requirements: readonly LabelRequirement[];
  /** The canonical text, which parses to the same matcher. */
  toString(): string;
}

const everything: LabelMatcher = createMatcher([]);
const nothing: LabelMatcher = Object.freeze({
  matches: () => false,
  isEverything: false,
  isNothing: true,
  requirements: [],
  toString: () => '',
});

function createMatcher(requirements: readonly LabelRequirement[]): LabelMatcher {
  const sorted = requirements.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  const tests = sorted.map(createLabelTest);
  return Object.freeze({
    matches: (labels: Labels) => tests.every((test) => test(labels)),
    isEverything: sorted.length === 0,
    isNothing: false,
    requirements: sorted,
    toString: () => sorted.map(requirementText).join(','),
  });
}

const operators: Readonly<Record<string, LabelOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
};

/** The matcher of a metav1.LabelSelector: absent matches nothing, empty everything. Throws when the selector is invalid. */
export function labelSelectorMatcher(selector: Readonly<LabelSelector> | undefined): LabelMatcher {
  if (selector === undefined) return nothing;
  const requirements = Object.entries(selector.matchLabels ?? {}).map(([key, value]) =>
    createRequirement(key, '=', [value]),
  );
  for (const { key = '', operator: name = '', values = [] } of selector.matchExpressions ?? []) {
    const operator = operators[name];
    if (operator === undefined) {
      throw badRequest(`${goQuote(name)} is not a valid label selector operator`);
    }
    requirements.push(createRequirement(key, operator, values));
  }
  return requirements.length === 0 ? everything : createMatcher(requirements);
}

/** The matcher of a plain map (Service and ReplicationController selectors): every label must have exactly this value. */
export function labelSetMatcher(set: Labels): LabelMatcher {
  const entries = Object.entries(set ?? {});
  if (entries.length === 0) return everything;
  return createMatcher(entries.map(([key, value]) => ({ key, operator: '=', values: [value] })));
}

/** Parses `a=b,c in (d,e),!f`. Throws BadRequest in the words that clients compare. */
export function parseLabelSelector(text: string): LabelMatcher {
  const requirements = parseRequirements(text);
  return requirements.length === 0 ? everything : createMatcher(requirements);
}

export interface FieldRequirement {
  readonly field: string;
  readonly op: '=' | '!=';
  readonly value: string;
}

export interface FieldMatcher {
  readonly requirements: readonly FieldRequirement[];
  /** `get` gives the text of a field, '' where the object has none. */
  matches(get: (field: string) => string): boolean;
  /** The one value that a field must have, undefined when other values pass too. */
  exact(field: string): string | undefined;
  readonly isEverything: boolean;
  toString(): string;
}

export function createFieldMatcher(requirements: readonly FieldRequirement[]): FieldMatcher {
  return {
    requirements,
    matches: (get) => requirements.every(({ field, op, value }) => (get(field) === value) === (op === '=')),
    exact: (field) => requirements.find((r) => r.field === field && r.op === '=')?.value,
    isEverything: requirements.length === 0,
    toString: () => requirements.map(({ field, op, value }) => field + op + escapeValue(value)).join(','),
  };
}

/** Parses `metadata.name=a,status.phase!=Running`; `\` escapes itself, commas and equal signs in values. Throws BadRequest. */
export function parseFieldSelector(text: string): FieldMatcher {
  const requirements: FieldRequirement[] = [];
  for (const term of splitTerms(text).sort()) {
    if (term === '') continue;
    const parts = /^(.*?)(!=|==|=)(.*)$/s.exec(term);
    if (parts === null) throw badRequest(`invalid selector: '${text}'; can't understand '${term}'`);
    const [, field = '', operator, escaped = ''] = parts;
    const value = unescapeValue(escaped);
    if (field !== '' || value !== '') requirements.push({ field, op: operator === '!=' ? '!=' : '=', value });
  }
  return createFieldMatcher(requirements);
}

function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === ',') {
      terms.push(text.slice(start, i));
      start = i + 1;
    }
  }
  return [...terms, text.slice(start)];
}

function unescapeValue(text: string): string {
  let value = '';
  let escaping = false;
  for (const character of text) {
    if (escaping) {
      if (!'\\,='.includes(character)) throw badEscape(`\\${character}`);
      value += character;
      escaping = false;
    } else if (character === '\\') escaping = true;
    else if (character === ',' || character === '=') {
      const code = character.codePointAt(0);
      throw badRequest(`invalid field selector: unescaped character in value: ${code}`);
    } else value += character;
  }
  if (escaping) throw badEscape('\\');
  return value;
}

function badEscape(sequence: string) {
  return badRequest(`invalid field selector: invalid escape sequence: ${sequence}`);
}

function escapeValue(value: string): string {
  return value.replace(/[\\,=]/g, '\\$&');
}
