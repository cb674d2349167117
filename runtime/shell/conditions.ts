import type { Interpreter } from './interpreter.ts';
import type { Condition } from './language/syntax.ts';
import { compile } from './regular-expression.ts';
import { binaryTest, unaryTest } from './test-command.ts';

/** `[[ … ]]`. */
export async function testCondition(condition: Condition, interpreter: Interpreter): Promise<boolean> {
  switch (condition.is) {
    case 'not':
      return !(await testCondition(condition.inner, interpreter));
    case 'and':
      return (await testCondition(condition.left, interpreter)) && testCondition(condition.right, interpreter);
    case 'or':
      return (await testCondition(condition.left, interpreter)) || testCondition(condition.right, interpreter);
    case 'unary': {
      const text = await interpreter.expander.text(condition.word);
      if (condition.operator === '-v') return interpreter.shell.variables.entry(text) !== undefined;
      if (condition.operator === '-o') return interpreter.shell.options.has(text);
      return unaryTest(condition.operator, text, interpreter.shell.context);
    }
    case 'binary':
      return testBinary(condition, interpreter);
  }
}

async function testBinary(
  { operator, left, right }: Extract<Condition, { is: 'binary' }>,
  { shell, expander }: Interpreter,
): Promise<boolean> {
  const text = await expander.text(left);
  switch (operator) {
    case '=':
    case '==':
      return (await expander.pattern(right)).test(text);
    case '!=':
      return !(await expander.pattern(right)).test(text);
    case '=~': {
      const found = (await compile(await expander.expression(right), { isExtended: true })).exec(text, 0);
      const matches = shell.variables.writable('BASH_REMATCH');
      matches.array = new Map(found?.groups.map((group, index) => [String(index), group ?? '']) ?? []);
      return found !== undefined;
    }
    case '<':
      return text < (await expander.text(right));
    case '>':
      return text > (await expander.text(right));
    default: {
      const other = await expander.text(right);
      if (!/^-(eq|ne|lt|le|gt|ge)$/.test(operator)) return binaryTest(operator, text, other, shell.context);
      return binaryTest(operator, String(expander.evaluate(text)), String(expander.evaluate(other)), shell.context);
    }
  }
}
