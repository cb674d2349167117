import type { Api } from '../../../api/object.ts';

type Toleration = Api<'io.k8s.api.core.v1.Toleration'>;

function sameButSeconds(a: Readonly<Toleration>, b: Readonly<Toleration>): boolean {
  return (
    (a.key ?? '') === (b.key ?? '') &&
    (a.operator ?? '') === (b.operator ?? '') &&
    (a.value ?? '') === (b.value ?? '') &&
    (a.effect ?? '') === (b.effect ?? '')
  );
}

function equal(a: Readonly<Toleration>, b: Readonly<Toleration>): boolean {
  return sameButSeconds(a, b) && a.tolerationSeconds === b.tolerationSeconds;
}

export function covers(wide: Readonly<Toleration>, narrow: Readonly<Toleration>): boolean {
  if (equal(wide, narrow)) return true;
  const { key = '', operator = '', effect = '' } = wide;
  if ((narrow.key ?? '') !== key && (key !== '' || operator !== 'Exists')) return false;
  if ((narrow.effect ?? '') !== effect && effect !== '') return false;
  if (effect === 'NoExecute' && wide.tolerationSeconds !== undefined) {
    if (narrow.tolerationSeconds === undefined || narrow.tolerationSeconds > wide.tolerationSeconds) return false;
  }
  if (operator === 'Exists') return true;
  return (
    (operator === 'Equal' || operator === '') &&
    narrow.operator === 'Equal' &&
    (narrow.value ?? '') === (wide.value ?? '')
  );
}

/** Both lists without what another toleration covers. */
export function mergeTolerations(first: readonly Toleration[], second: readonly Toleration[]): Toleration[] {
  const all = [...first, ...second];
  const merged: Toleration[] = [];
  for (const [i, toleration] of all.entries()) {
    if (merged.some((other) => covers(other, toleration))) continue;
    if (all.slice(i + 1).some((other) => !equal(toleration, other) && covers(other, toleration))) continue;
    merged.push(toleration);
  }
  return merged;
}
