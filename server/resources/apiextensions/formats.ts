import { type CustomResourceDefinition, schemaOf, schemasWithin } from './definition-types.ts';
import { hoistedSpec } from './hoisted-spec.ts';

const stringFormats = new Set(
  (
    'bsonobjectid uri email hostname ipv4 ipv6 cidr mac uuid uuid3 uuid4 uuid5 isbn isbn10 isbn13 creditcard ssn hexcolor rgbcolor ' +
    'byte password date duration datetime k8sshortname k8slongname'
  ).split(' '),
);

function isKnown(type: string, format: string): boolean {
  switch (type) {
    case '':
    case 'string':
      return stringFormats.has(format.replaceAll('-', ''));
    case 'integer':
      return format === 'int32' || format === 'int64';
    case 'number':
      return format === 'float' || format === 'double';
    default:
      return false;
  }
}

/** Formats in a definition's schemas that nothing checks. */
function unknownFormats(definition: Readonly<CustomResourceDefinition>): string[] {
  const { versions, common } = hoistedSpec(definition.spec ?? {});
  return [common, ...versions].flatMap((version) =>
    [...schemasWithin(schemaOf(version))].flatMap(({ type = '', format = '' }) =>
      format === '' || isKnown(type, format) ? [] : [format],
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
