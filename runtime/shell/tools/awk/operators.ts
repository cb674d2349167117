import { AwkError } from './syntax.ts';
import { compare, numberOf, textOf, type Value } from './values.ts';

/** What two values make; a blank joins them. Throws AwkError. */
export function combined(operator: string, one: Value, other: Value, format: string): Value {
  switch (operator) {
    case ' ':
      return textOf(one, format) + textOf(other, format);
    case '<':
      return Number(compare(one, other) < 0);
    case '<=':
      return Number(compare(one, other) <= 0);
    case '==':
      return Number(compare(one, other) === 0);
    case '!=':
      return Number(compare(one, other) !== 0);
    case '>':
      return Number(compare(one, other) > 0);
    case '>=':
      return Number(compare(one, other) >= 0);
    default:
      return calculated(operator, one, other);
  }
}

/** Of numbers. Throws AwkError. */
export function calculated(operator: string, one: Value, other: Value): number {
  const [a, b] = [numberOf(one), numberOf(other)];
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
    case '%':
      if (b === 0) throw new AwkError('Division by zero');
      return operator === '/' ? a / b : a % b;
    default:
      return a ** b;
  }
}
