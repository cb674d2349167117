import { RE2JS, RE2JSException } from 're2js';

export type Pattern = RE2JS;

/** A pattern in Go's syntax, matched in linear time; text when it is none, in Go's words. */
export function compilePattern(pattern: string): Pattern | string {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    if (error.message.includes('trailing backslash'))
      return 'error parsing regexp: trailing backslash at end of expression: ``';
    return error.message;
  }
}

/** Remembers the patterns last used, as most are used again and again. */
export function createPatternCache(size = 256): (pattern: string) => Pattern | string {
  const cache = new Map<string, Pattern | string>();
  return (pattern) => {
    let compiled = cache.get(pattern);
    if (compiled === undefined) {
      compiled = compilePattern(pattern);
      for (const oldest of cache.keys()) {
        if (cache.size < size) break;
        cache.delete(oldest);
      }
      cache.set(pattern, compiled);
    }
    return compiled;
  };
}

/** The parts of the text that match, not overlapping, at most `limit` of them. */
export function findAll(pattern: Pattern, text: string, limit: number): string[] {
  const found: string[] = [];
  const matcher = pattern.matcher(text);
  while (found.length < limit && matcher.find()) found.push(matcher.group() ?? '');
  return found;
}
