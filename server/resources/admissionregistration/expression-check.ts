import { invalid } from '../../../api/field-error.ts';
import { createExpressionCompiler } from './expression-compiler.ts';
import type { ExpressionCheck } from './expressions.ts';

/** Compiles what is about to be stored. */
export function createExpressionCheck(): ExpressionCheck {
  const compiler = createExpressionCompiler();
  return (expression, use, path) => {
    const { kind, hasParams, variables } = use;
    // Conditions of policies are checked like those of webhooks, which have no variables.
    if (kind === 'matchCondition') {
      const { error } = compiler.compile(kind, expression, use);
      return error === undefined ? [] : [invalid(path, expression, error)];
    }
    const composed = compiler.compose();
    for (const { name = '', expression: value = '' } of variables)
      composed.declare(name, value, { hasParams, hasAuthorizer: true });
    const { error } = composed.compile(kind, expression, use);
    return error === undefined ? [] : [invalid(path, expression, error)];
  };
}
