import { semanticEqual } from '../../../api/equal.ts';
import type { DefinitionSpec, DefinitionVersion } from './definition-types.ts';

type Hoistable = 'subresources' | 'schema' | 'additionalPrinterColumns' | 'selectableFields';

/**
 * How upstream sees a spec: what all versions have in common stands once above them, and errors are reported there.
 * A definition of one version has everything above it.
 */
export interface HoistedSpec {
  readonly versions: readonly DefinitionVersion[];
  readonly common: Readonly<Pick<DefinitionVersion, Hoistable>>;
}

const hoistable: readonly Hoistable[] = ['subresources', 'schema', 'additionalPrinterColumns', 'selectableFields'];

export function hoistedSpec(spec: Readonly<DefinitionSpec>): HoistedSpec {
  const versions = spec.versions ?? [];
  const [first, ...others] = versions;
  if (first === undefined) return { versions, common: {} };
  const shared = hoistable.filter((field) => others.every((version) => semanticEqual(version[field], first[field])));
  const pick = (fields: readonly Hoistable[]): Partial<DefinitionVersion> =>
    Object.fromEntries(fields.flatMap((field) => (first[field] === undefined ? [] : [[field, first[field]]])));
  const without = (version: DefinitionVersion): DefinitionVersion =>
    Object.fromEntries(Object.entries(version).filter(([field]) => !shared.some((each) => each === field)));
  return { versions: versions.map(without), common: pick(shared) };
}
