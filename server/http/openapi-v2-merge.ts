import { semanticEqual } from '../../api/equal.ts';
import type { Schema } from '../../api/openapi.ts';
import type { PartialSwagger } from '../aggregation/remote/openapi.ts';
import type { Swagger, SwaggerParameter, SwaggerPathItem } from './openapi-v2.ts';

/**
 * Adds what an aggregated server describes. Paths that are there already stay; definitions and parameters of the same name and another
 * content get a number. Upstream: MergeSpecsIgnorePathConflictRenamingDefinitionsAndParameters.
 */
export function mergeSwagger(target: Swagger, source: PartialSwagger): void {
  const definitions = renamed(target.definitions, source.definitions);
  const parameters = renamed(target.parameters, source.parameters);
  const rewrite = <T>(value: unknown): T =>
    JSON.parse(
      JSON.stringify(value).replace(/"#\/(definitions|parameters)\/([^"]+)"/g, (_, kind: string, name: string) => {
        const names = kind === 'definitions' ? definitions : parameters;
        return JSON.stringify(`#/${kind}/${names.get(name) ?? name}`);
      }),
    ) as T;
  for (const [name, definition] of Object.entries(source.definitions)) {
    target.definitions[definitions.get(name) ?? name] ??= rewrite<Schema>(definition);
  }
  for (const [name, parameter] of Object.entries(source.parameters)) {
    target.parameters[parameters.get(name) ?? name] ??= rewrite<SwaggerParameter>(parameter);
  }
  for (const [path, item] of Object.entries(source.paths)) target.paths[path] ??= rewrite<SwaggerPathItem>(item);
}

/** The names that need another one. */
function renamed(
  target: Readonly<Record<string, object>>,
  source: Readonly<Record<string, object>>,
): Map<string, string> {
  const names = new Map<string, string>();
  for (const [name, value] of Object.entries(source)) {
    const known = target[name];
    if (known === undefined || semanticEqual(known, value)) continue;
    for (let number = 2; ; number++) {
      const candidate = `${name}_v${number}`;
      const other = target[candidate] ?? source[candidate];
      if (other !== undefined && !semanticEqual(other, value)) continue;
      names.set(name, candidate);
      break;
    }
  }
  return names;
}
