import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Schema } from '../openapi.ts';

/** Types whose JSON form TypeScript should see in another way than OpenAPI says it. */
const written: Readonly<Record<string, Schema>> = {
  'io.k8s.apimachinery.pkg.api.resource.Quantity': { type: 'string' },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': { oneOf: [{ type: 'integer' }, { type: 'string' }] },
  'io.k8s.apimachinery.pkg.runtime.RawExtension': { type: 'object', additionalProperties: true },
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': { type: 'object', additionalProperties: true },
};

function withoutExtras(schema: Schema): Schema {
  const { $ref, allOf, type, items, additionalProperties, properties } = schema;
  const ref = $ref ?? allOf?.[0]?.$ref;
  if (ref !== undefined) return { $ref: ref };
  return {
    ...(type === undefined ? {} : { type }),
    ...(items === undefined ? {} : { items: withoutExtras(items) }),
    ...(typeof additionalProperties === 'object' ? { additionalProperties: withoutExtras(additionalProperties) } : {}),
    ...(properties === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(properties).map(([k, v]) => [k, withoutExtras(v)])) }),
  };
}

/** TypeScript declarations: every field optional, closed sets of values as plain strings. openapi-typescript needs a TypeScript of its own. */
export async function typeDeclarations(schemas: ReadonlyMap<string, Schema>): Promise<string> {
  const input = Object.fromEntries(
    [...schemas].map(([name, schema]) => [name, written[name] ?? withoutExtras(schema)]),
  );
  const script = fileURLToPath(new URL('../../tools/codegen/types.mjs', import.meta.url));
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(input));
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [output, code] = await Promise.all([text(child.stdout), closed]);
  if (code !== 0) throw new Error(`tools/codegen/types.mjs ended with ${code}`);
  return output;
}
