import { type FieldError, FieldPath, fieldErrorMessage, invalid } from './field-error.ts';
import { isQualifiedName, isValidLabelValue } from './names.ts';
import { badRequest } from './status.ts';

export type Labels = Readonly<Record<string, string>> | undefined;

export type LabelOperator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt';

export interface LabelRequirement {
  readonly key: string;
  readonly operator: LabelOperator;
  /** Sorted where the selector was text, without duplicates. */
  readonly values: readonly string[];
}

const hasOwn = Object.prototype.hasOwnProperty;

export function createLabelTest({ key, operator, values }: LabelRequirement): (labels: Labels) => boolean {
  const lookup = (labels: Labels) => (labels !== undefined && hasOwn.call(labels, key) ? labels[key] : undefined);
  const [first = ''] = values;
  switch (operator) {
    case '=':
    case '==':
      return (labels) => lookup(labels) === first;
    case '!=':
      return (labels) => lookup(labels) !== first;
    case 'in': {
      const allowed = new Set(values);
      return (labels) => {
        const value = lookup(labels);
        return value !== undefined && allowed.has(value);
      };
    }
    case 'notin': {
      const banned = new Set(values);
      return (labels) => {
        const value = lookup(labels);
        return value === undefined || !banned.has(value);
      };
    }
    case 'exists':
      return (labels) => lookup(labels) !== undefined;
    case '!':
      return (labels) => lookup(labels) === undefined;
    case 'gt':
    case 'lt': {
      const limit = parseInt64(first);
      return (labels) => {
        const value = parseInt64(lookup(labels) ?? '');
        if (value === undefined || limit === undefined) return false;
        return operator === 'gt' ? value > limit : value < limit;
      };
    }
  }
}

export function requirementText({ key, operator, values }: LabelRequirement): string {
  if (operator === 'exists') return key;
  if (operator === '!') return `!${key}`;
  const list = values.toSorted().join(',');
  if (operator === 'in' || operator === 'notin') return `${key} ${operator} (${list})`;
  return key + (operator === 'gt' ? '>' : operator === 'lt' ? '<' : operator) + list;
}

function parseInt64(text: string): bigint | undefined {
  if (!/^[+-]?[0-9]+$/.test(text)) return undefined;
  const value = BigInt(text[0] === '+' ? text.slice(1) : text);
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

/** Throws BadRequest in upstream's words. */
export function createRequirement(key: string, operator: LabelOperator, values: readonly string[]): LabelRequirement {
  const errors: FieldError[] = [];
  const path = FieldPath.of('values');
  const keyMessages = isQualifiedName(key);
  if (keyMessages.length > 0) errors.push(invalid(FieldPath.of('key'), key, keyMessages.join('; ')));
  if ((operator === 'in' || operator === 'notin') && values.length === 0) {
    errors.push(invalid(path, values, "for 'in', 'notin' operators, values set can't be empty"));
  }
  if ((operator === 'exists' || operator === '!') && values.length > 0) {
    errors.push(invalid(path, values, 'values set must be empty for exists and does not exist'));
  }
  if (operator === 'gt' || operator === 'lt') {
    for (const [i, value] of values.entries()) {
      if (parseInt64(value) !== undefined) continue;
      errors.push(invalid(path.index(i), value, "for 'Gt', 'Lt' operators, the value must be an integer"));
    }
  }
  for (const [i, value] of values.entries()) {
    const messages = isValidLabelValue(value);
    if (messages.length > 0) errors.push(invalid(path.index(i).key(key), value, messages.join('; ')));
  }
  if (errors.length === 0) return { key, operator, values };
  const texts = [...new Set(errors.map(fieldErrorMessage))];
  throw badRequest(texts.length === 1 ? texts.join() : `[${texts.join(', ')}]`);
}
