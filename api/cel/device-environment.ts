import type { SizeHint } from './cost/call-estimates.ts';
import { createEnvironment, type Program } from './environment.ts';
import { bindingsLibrary } from './libraries.ts';
import {
  anyType,
  boolType,
  mapType,
  objectType,
  quantityType,
  sameType,
  stringType,
  type Type,
  type TypeProvider,
  typeName,
} from './types.ts';

/** What selects devices for a claim: an expression over `device`. */
export interface DeviceExpressions {
  compile(expression: string): CompiledDeviceExpression;
}

export type CompiledDeviceExpression =
  | { readonly program: Program; readonly maxCost: bigint; readonly error?: never }
  | { readonly error: string; readonly program?: never; readonly maxCost?: never };

const deviceType = objectType('kubernetes.DRADevice');
const fields: Readonly<Record<string, Type>> = {
  driver: stringType,
  allowMultipleAllocations: boolType,
  // A bool, an int, a string or a version.
  attributes: mapType(stringType, mapType(stringType, anyType)),
  capacity: mapType(stringType, mapType(stringType, quantityType)),
};

const provider: TypeProvider = {
  findType: (name) => (name === deviceType.name ? deviceType : undefined),
  findField: (name, field) => (name === deviceType.name && Object.hasOwn(fields, field) ? fields[field] : undefined),
  fieldNames: () => Object.keys(fields),
};

const maxDriver = 63n;
const maxDomain = 63n;
const maxId = 32n;
const maxEntries = 32n;
const maxValue = 64n;

/** Upper bounds of the API for everything that a device has. */
const sizeHint: SizeHint = ([variable, field, ...rest]) => {
  if (variable !== 'device') return undefined;
  if (field === 'attributes' || field === 'capacity') {
    const max = mapBound(field === 'attributes' ? maxValue : undefined, rest);
    return max === undefined ? undefined : { min: 0n, max };
  }
  const scalars: Readonly<Record<string, bigint>> = { driver: maxDriver, allowMultipleAllocations: 1n };
  if (field === undefined) return { min: 0n, max: 0n };
  const max = scalars[field];
  return max === undefined || rest.length > 0 ? undefined : { min: 0n, max };
};

/** Domains of ids of values. Of attributes, which are all of one size, the name by which they are selected tells nothing. */
function mapBound(value: bigint | undefined, path: readonly string[]): bigint | undefined {
  const [domain, id, ...rest] = path;
  if (domain === undefined) return maxEntries;
  if (domain === '@keys') return id === undefined ? maxDomain : undefined;
  if (domain !== '@values' && domain !== '@items') return undefined;
  if (id === undefined) return maxEntries;
  if (rest.length > 0) return undefined;
  if (id === '@keys') return maxId;
  if (id === '@values' || id === '@items') return value ?? 0n;
  return value;
}

export function createDeviceExpressions(): DeviceExpressions {
  const environment = createEnvironment({
    variables: { device: deviceType },
    libraries: [bindingsLibrary],
    provider,
  });
  return {
    compile(expression) {
      const { program, issues } = environment.compile(expression);
      if (program === undefined) return { error: `compilation failed: ${issues}` };
      const { outputType } = program;
      if (!sameType(outputType, boolType) && !sameType(outputType, anyType)) {
        return { error: `must evaluate to bool or the unknown type, not ${typeName(outputType)}` };
      }
      return { program, maxCost: program.estimateCost(sizeHint).max };
    },
  };
}
