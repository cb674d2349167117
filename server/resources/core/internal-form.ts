import type { LabelSelector } from '../../../api/object.ts';

/**
 * How upstream prints a struct in an error: its internal type, which has Go's field names in declaration order and no
 * omitted fields. A shape lists the fields; absent ones print as their zero value.
 */
export interface InternalShape {
  readonly fields: readonly InternalField[];
}

interface InternalField {
  readonly go: string;
  readonly json: string;
  readonly zero: unknown;
  readonly of?: InternalShape | ((value: unknown) => unknown);
  readonly how?: 'value' | 'pointer' | 'list';
}

const zeroes: Readonly<Record<string, unknown>> = { s: '', n: 0, b: false, p: null };

/**
 * `'PDName:pdName:s'` per scalar field (s text, n number, b truth, p pointer, list or map); structs as
 * `[go, json, shape, how]`.
 */
export function internalShape(
  ...fields: readonly (string | readonly [string, string, InternalField['of'] & {}, 'value' | 'pointer' | 'list'])[]
): InternalShape {
  return {
    fields: fields.flatMap((field): InternalField[] => {
      if (typeof field !== 'string') return [{ go: field[0], json: field[1], zero: null, of: field[2], how: field[3] }];
      return field.split(' ').map((part) => {
        const [go = '', json = '', zero = ''] = part.split(':');
        return { go, json, zero: zeroes[zero] };
      });
    }),
  };
}

function printedField(value: unknown, field: InternalField): unknown {
  const { of, how } = field;
  if (of === undefined) return value === undefined ? field.zero : ordered(value);
  if (typeof of === 'function') return value === undefined ? null : of(value);
  if (value === undefined || value === null) return how === 'value' ? internalForm({}, of) : null;
  return how === 'list' && Array.isArray(value) ? value.map((v) => internalForm(v, of)) : internalForm(value, of);
}

// Go prints maps with sorted keys.
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([k, v]) => [k, ordered(v)]));
}

export function internalForm(value: unknown, shape: InternalShape): unknown {
  const record = (value ?? {}) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(shape.fields.map((field) => [field.go, printedField(record[field.json], field)]));
}

/** Selectors have no internal type: they print as in JSON, their fields in the order of declaration. */
export function labelSelectorForm(value: unknown): unknown {
  const { matchLabels, matchExpressions } = (value ?? {}) as LabelSelector;
  return {
    ...(matchLabels === undefined ? {} : { matchLabels: ordered(matchLabels) }),
    ...(matchExpressions === undefined
      ? {}
      : {
          matchExpressions: matchExpressions.map(({ key = '', operator = '', values }) =>
            values === undefined ? { key, operator } : { key, operator, values },
          ),
        }),
  };
}
