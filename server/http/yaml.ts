import { createRequire } from 'node:module';
import type { CreateNodeOptions, DocumentOptions, SchemaOptions, ToStringOptions } from 'yaml';
import type { ParsedYaml } from '../../api/yaml.ts';

// Most servers never see YAML: the library, three megabytes, is loaded for the first who sends or wants it.
const require = createRequire(import.meta.url);

export function stringifyYaml(
  value: unknown,
  options: CreateNodeOptions & DocumentOptions & SchemaOptions & ToStringOptions,
): string {
  return (require('yaml') as typeof import('yaml')).stringify(value, options);
}

export function readYaml(text: string): ParsedYaml {
  return (require('../../api/yaml.ts') as typeof import('../../api/yaml.ts')).parseYaml(text);
}
