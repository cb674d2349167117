import { noSuchOverload } from '../runtime/arithmetic.ts';
import type { Implementations } from '../runtime/functions.ts';
import { CelError, type Result, type Value } from '../runtime/values.ts';
import { createPatternCache, findAll } from './re2.ts';

export interface RegexFunctions {
  readonly implementations: Implementations;
  /** What is wrong with a pattern, in Go's words. */
  readonly patternError: (pattern: string) => string | undefined;
}

export function createRegexFunctions(): RegexFunctions {
  const patternOf = createPatternCache();

  function find(text: Value, pattern: Value, limit: number): string[] | CelError {
    if (typeof text !== 'string' || typeof pattern !== 'string') return noSuchOverload;
    const compiled = patternOf(pattern);
    if (typeof compiled === 'string') return new CelError(`Illegal regex: ${compiled}`);
    return findAll(compiled, text, limit);
  }

  function matches(text: Value, pattern: Value): Result {
    if (typeof text !== 'string' || typeof pattern !== 'string') return noSuchOverload;
    const compiled = patternOf(pattern);
    return typeof compiled === 'string' ? new CelError(compiled) : compiled.test(text);
  }

  return {
    patternError: (pattern) => {
      const compiled = patternOf(pattern);
      return typeof compiled === 'string' ? compiled : undefined;
    },
    implementations: {
      matches,
      string_find_string: (text, pattern) => {
        const found = find(text, pattern, 1);
        return found instanceof CelError ? found : (found[0] ?? '');
      },
      string_find_all_string: (text, pattern) => find(text, pattern, Number.POSITIVE_INFINITY),
      string_find_all_string_int: (text, pattern, limit) => {
        const count = Number(limit);
        return find(text, pattern, count < 0 ? Number.POSITIVE_INFINITY : count);
      },
    },
  };
}
