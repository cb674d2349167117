import { FieldPath } from '../../field-error.ts';
import { additionalOf, type JsonSchema } from '../json-schema.ts';

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  "'": "'",
  '\\': '\\',
};

/** Delimiters, quoted names and what stands between them; undefined when a quote does not end. */
function tokens(path: string): string[] | undefined {
  const found: string[] = [];
  let rest = path;
  while (rest !== '') {
    const token = rest.startsWith("'")
      ? /^'(?:[^\\']|\\.|\\$)*?'/s.exec(rest)?.[0]
      : /^(?:[.[\]]|[^.[\]]+)/s.exec(rest)?.[0];
    if (token === undefined) return undefined;
    found.push(token);
    rest = rest.slice(token.length);
  }
  return found;
}

function unquoted(token: string): string | undefined {
  if (token.length < 2 || !token.startsWith("'") || !token.endsWith("'")) return undefined;
  let isValid = true;
  const text = token.slice(1, -1).replace(/\\./gs, (escaped) => {
    const character = escapes[escaped[1] ?? ''];
    if (character === undefined) isValid = false;
    return character ?? '';
  });
  return isValid ? text : undefined;
}

interface Position {
  readonly path: FieldPath | undefined;
  readonly schema: JsonSchema;
}

function enter({ path, schema }: Position, name: string): Position | undefined {
  const properties = schema.properties ?? {};
  if (Object.keys(properties).length > 0) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    return property && { path: path?.child(name) ?? FieldPath.of(name), schema: property };
  }
  if (schema.additionalProperties === undefined) return undefined;
  return { path: (path ?? FieldPath.of()).key(name), schema: additionalOf(schema) ?? {} };
}

/** A rule's `fieldPath` (`.spec.list['a.b']`) as a path of fields that the schema has; undefined when it has not. */
export function ruleFieldPath(text: string, schema: JsonSchema): FieldPath | undefined {
  const parts = tokens(text) ?? [];
  let position: Position | undefined = { path: undefined, schema };
  for (let i = 0; i < parts.length && position !== undefined; i += 2) {
    const [delimiter, token, end] = parts.slice(i, i + 3);
    let name: string | undefined;
    if (delimiter === '.') name = token;
    else if (delimiter === '[' && end === ']') name = unquoted(token ?? '');
    if (delimiter === '[') i += 1;
    position = name === undefined ? undefined : enter(position, name);
  }
  return position?.path;
}
