import { compilePattern } from '../cel/library/re2.ts';
import { addFinding, nameOf, reportInvalid, reportType, type Walk } from './findings.ts';
import { formatCheck, isKnownFormat } from './formats.ts';
import type { JsonSchema } from './json-schema.ts';

type StringCheck = (value: string, walk: Walk) => void;

/** Unicode code points, of which a string has at most as many as UTF-16 units. */
function characters(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xd800 && unit < 0xdc00 && i + 1 < text.length) {
      const next = text.charCodeAt(i + 1);
      if (next >= 0xdc00 && next < 0xe000) {
        count -= 1;
        i += 1;
      }
    }
  }
  return count;
}

function patternTest(pattern: string): (text: string) => string | undefined {
  const compiled = compilePattern(pattern);
  if (typeof compiled === 'string') return () => `${pattern}, but pattern is invalid: ${compiled}`;
  return (text) => (compiled.test(text) ? undefined : pattern);
}

/** Lengths and pattern: the first that fails is told. */
function textCheck(schema: JsonSchema): StringCheck | undefined {
  const { minLength, maxLength, pattern = '' } = schema;
  if (minLength === undefined && maxLength === undefined && pattern === '') return undefined;
  let test: ((text: string) => string | undefined) | undefined;
  return (value, walk) => {
    if (maxLength !== undefined && value.length > maxLength && characters(value) > maxLength) {
      const name = nameOf(walk.way);
      const text = `${name} in body should be at most ${maxLength} chars long`;
      addFinding(walk.found, { kind: 'tooLong', name, value, limit: maxLength, text });
      return;
    }
    if (minLength !== undefined && (value.length < minLength || characters(value) < minLength)) {
      reportInvalid(walk, value, `should be at least ${minLength} chars long`);
      return;
    }
    if (pattern === '') return;
    test ??= patternTest(pattern);
    const failed = test(value);
    if (failed !== undefined) reportInvalid(walk, value, `should match '${failed}'`);
  };
}

/** The format that is checked, with unsupported ones left out as upstream does before validating. */
export function effectiveFormat(schema: JsonSchema): string {
  const { type = '', format = '' } = schema;
  // Upstream has two types for these, so no single one decides: as if there were none.
  const decisive = schema['x-kubernetes-int-or-string'] === true ? '' : type;
  return format !== '' && isKnownFormat(decisive, format) ? format : '';
}

export interface StringChecks {
  readonly text: StringCheck | undefined;
  readonly format: StringCheck | undefined;
}

export function stringChecks(schema: JsonSchema): StringChecks {
  const format = effectiveFormat(schema);
  const fits = format === '' ? undefined : formatCheck(format);
  return {
    text: textCheck(schema),
    format:
      fits === undefined
        ? undefined
        : (value, walk) => {
            if (!fits(value)) reportType(walk, format, value);
          },
  };
}
