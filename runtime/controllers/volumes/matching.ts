import { compareQuantity, parseQuantity } from '../../../api/quantity.ts';
import { labelSelectorMatcher } from '../../../api/selectors.ts';
import { betaStorageClass, type Claim, type Volume } from './storage-objects.ts';

export function classOfClaim({ metadata, spec }: Readonly<Claim>): string {
  return metadata?.annotations?.[betaStorageClass] ?? spec?.storageClassName ?? '';
}

/** Whether the claim says anything of a class; '' says that it wants none. */
export function hasClass({ metadata, spec }: Readonly<Claim>): boolean {
  return metadata?.annotations?.[betaStorageClass] !== undefined || spec?.storageClassName !== undefined;
}

export function classOfVolume({ metadata, spec }: Readonly<Volume>): string {
  return metadata?.annotations?.[betaStorageClass] ?? spec?.storageClassName ?? '';
}

/** The volume is this claim's, or set aside for it. */
export function isBoundTo({ spec }: Readonly<Volume>, { metadata }: Readonly<Claim>): boolean {
  const reference = spec?.claimRef;
  if (reference?.name !== metadata?.name || reference?.namespace !== metadata?.namespace) return false;
  return (reference?.uid ?? '') === '' || reference?.uid === metadata?.uid;
}

function requested({ spec }: Readonly<Claim>): string {
  return spec?.resources?.requests?.storage ?? '0';
}

function capacity({ spec }: Readonly<Volume>): string {
  return spec?.capacity?.storage ?? '0';
}

export function areModesDifferent(claim: Readonly<Claim>, volume: Readonly<Volume>): boolean {
  return (claim.spec?.volumeMode ?? 'Filesystem') !== (volume.spec?.volumeMode ?? 'Filesystem');
}

function hasAccessModes(volume: Readonly<Volume>, claim: Readonly<Claim>): boolean {
  const offered = volume.spec?.accessModes ?? [];
  return (claim.spec?.accessModes ?? []).every((mode) => offered.includes(mode));
}

function haveSameAttributes(volume: Readonly<Volume>, claim: Readonly<Claim>): boolean {
  return (claim.spec?.volumeAttributesClassName ?? '') === (volume.spec?.volumeAttributesClassName ?? '');
}

/** Why a claim cannot have the volume that it names. */
export function mismatchOf(volume: Readonly<Volume>, claim: Readonly<Claim>): string | undefined {
  if (volume.metadata?.deletionTimestamp !== undefined)
    return `the volume is marked for deletion ${JSON.stringify(volume.metadata.name ?? '')}`;
  if (parseQuantity(capacity(volume)).value() < parseQuantity(requested(claim)).value())
    return 'requested PV is too small';
  if (classOfVolume(volume) !== classOfClaim(claim)) return 'storageClassName does not match';
  if (!haveSameAttributes(volume, claim)) return 'volumeAttributesClassName does not match';
  if (areModesDifferent(claim, volume)) return 'incompatible volumeMode';
  return hasAccessModes(volume, claim) ? undefined : 'incompatible accessMode';
}

function modeCount({ spec }: Readonly<Volume>): number {
  const modes = spec?.accessModes ?? [];
  return modes.length < 2 ? modes.length : new Set(modes).size;
}

const wholeGibibytes = /^([0-9]{1,6})Gi$/;

/** Sizes are compared once for each candidate: the common spelling goes without exact numbers. */
function compareSizes(a: string, b: string): number {
  if (a === b) return 0;
  const [, left] = wholeGibibytes.exec(a) ?? [];
  const [, right] = wholeGibibytes.exec(b) ?? [];
  return left === undefined || right === undefined ? compareQuantity(a, b) : Number(left) - Number(right);
}

/** Fewer modes, then what is set aside for the claim, then the smaller one; by name where nothing else decides. */
function isBetter(a: Readonly<Volume>, b: Readonly<Volume>, claim: Readonly<Claim>): boolean {
  const modes = modeCount(a) - modeCount(b);
  if (modes !== 0) return modes < 0;
  const isPrebound = isBoundTo(a, claim);
  if (isPrebound !== isBoundTo(b, claim)) return isPrebound;
  const size = compareSizes(capacity(a), capacity(b));
  return size === 0 ? (a.metadata?.name ?? '') < (b.metadata?.name ?? '') : size < 0;
}

/**
 * The volume for a claim: among those that offer the fewest access modes, the one set aside for it, else the smallest that fits. With
 * `isDelayed` only what is set aside, since the pod's node decides of the others.
 */
export function bestMatch(
  claim: Readonly<Claim>,
  candidates: readonly Readonly<Volume>[],
  isDelayed: boolean,
): Readonly<Volume> | undefined {
  const selector = claim.spec?.selector === undefined ? undefined : labelSelectorMatcher(claim.spec.selector);
  const wanted = requested(claim);
  const className = classOfClaim(claim);
  const fits = (volume: Readonly<Volume>): boolean => {
    const isPrebound = isBoundTo(volume, claim);
    if (volume.spec?.claimRef !== undefined && !isPrebound) return false;
    if (volume.metadata?.deletionTimestamp !== undefined || areModesDifferent(claim, volume)) return false;
    if (!haveSameAttributes(volume, claim) || !hasAccessModes(volume, claim)) return false;
    if (!isPrebound) {
      if (isDelayed || volume.status?.phase !== 'Available' || classOfVolume(volume) !== className) return false;
      if (selector !== undefined && !selector.matches(volume.metadata?.labels)) return false;
    }
    return compareSizes(capacity(volume), wanted) >= 0;
  };
  let best: Readonly<Volume> | undefined;
  for (const volume of candidates)
    if (fits(volume) && (best === undefined || isBetter(volume, best, claim))) best = volume;
  return best;
}
