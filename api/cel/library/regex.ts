import { lacksOperation, noSuchOverload } from '../runtime/arithmetic.ts';
import type { Implementation, Implementations } from '../runtime/functions.ts';
import { CelError, type Result, type Value } from '../runtime/values.ts';
import { createPatternCache, findAll, type Pattern } from './re2.ts';

export interface RegexFunctions {
  readonly implementations: Implementations;
  /** The function when its pattern is a constant; text when that is none, in Go's words. */
  readonly withPattern: (name: string, pattern: string) => Implementation | string;
}

const countOf = (limit: Value | undefined) => {
  return limit === undefined || Number(limit) < 0 ? Number.POSITIVE_INFINITY : Number(limit);
};

function bound(name: string, pattern: Pattern): Implementation {
  return (text, _, limit) => {
    if (typeof text !== 'string') return noSuchOverload;
    if (name === 'matches') return pattern.test(text);
    return name === 'find' ? (findAll(pattern, text, 1)[0] ?? '') : findAll(pattern, text, countOf(limit));
  };
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
    if (typeof text !== 'string') return lacksOperation(text, 'matches');
    if (typeof pattern !== 'string') return noSuchOverload;
    const compiled = patternOf(pattern);
    return typeof compiled === 'string' ? new CelError(compiled) : compiled.test(text);
  }

  return {
    withPattern: (name, pattern) => {
      const compiled = patternOf(pattern);
      return typeof compiled === 'string' ? compiled : bound(name, compiled);
    },
    implementations: {
      matches,
      string_find_string: (text, pattern) => {
        const found = find(text, pattern, 1);
        return found instanceof CelError ? found : (found[0] ?? '');
      },
      string_find_all_string: (text, pattern) => find(text, pattern, Number.POSITIVE_INFINITY),
      string_find_all_string_int: (text, pattern, limit) => find(text, pattern, countOf(limit)),
    },
  };
}
