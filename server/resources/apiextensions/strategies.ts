import type { AnyStrategy } from '../../registry/strategy.ts';
import { customResourceDefinitions } from './custom-resource-definitions.ts';
import type { SchemaCheck } from './definition-validation.ts';

/** The group's strategies with a check of what schemas say beyond their structure. */
export function createApiextensionsStrategies(check: SchemaCheck): readonly AnyStrategy[] {
  return [customResourceDefinitions(check)];
}

export const apiextensionsStrategies = createApiextensionsStrategies(() => []);
