import { isKnownFormat } from '../../../api/structural/formats.ts';
import { schemasWithin } from '../../../api/structural/json-schema.ts';
import { type CustomResourceDefinition, schemaOf } from './definition-types.ts';
import { hoistedSpec } from './hoisted-spec.ts';

/** Formats in a definition's schemas that nothing checks. */
function unknownFormats(definition: Readonly<CustomResourceDefinition>): string[] {
  const { versions, common } = hoistedSpec(definition.spec ?? {});
  return [common, ...versions].flatMap((version) =>
    [...schemasWithin(schemaOf(version))].flatMap(({ type = '', format = '' }) =>
      format === '' || isKnownFormat(type, format) ? [] : [format],
    ),
  );
}

export function formatWarnings(
  definition: Readonly<CustomResourceDefinition>,
  old?: Readonly<CustomResourceDefinition>,
): string[] {
  const before = new Set(old === undefined ? [] : unknownFormats(old));
  return unknownFormats(definition)
    .filter((format) => !before.has(format))
    .map((format) => `unrecognized format ${JSON.stringify(format)}`);
}
