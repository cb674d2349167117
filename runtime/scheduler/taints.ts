import type { Api } from '../../api/object.ts';

export type Taint = Readonly<Api<'io.k8s.api.core.v1.Taint'>>;
export type Toleration = Readonly<Api<'io.k8s.api.core.v1.Toleration'>>;

/** Effects that keep a new pod away; PreferNoSchedule only weighs. */
const repelling: ReadonlySet<string> = new Set(['NoSchedule', 'NoExecute']);

/** Does this one toleration accept the taint? Lt and Gt, behind a gate that is off by default, accept nothing. */
export function tolerates({ key = '', operator = '', value = '', effect = '' }: Toleration, taint: Taint): boolean {
  if (effect !== '' && effect !== taint.effect) return false;
  if (key !== '' && key !== taint.key) return false;
  if (operator === 'Exists') return true;
  return (operator === '' || operator === 'Equal') && value === (taint.value ?? '');
}

export function isTolerated(taint: Taint, tolerations: readonly Toleration[] | undefined): boolean {
  if (tolerations === undefined) return false;
  for (const toleration of tolerations) if (tolerates(toleration, taint)) return true;
  return false;
}

/** The first taint with one of `effects` that nothing tolerates: by default those that forbid scheduling. */
export function untoleratedTaint(
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  effects: ReadonlySet<string> = repelling,
): Taint | undefined {
  if (taints === undefined) return undefined;
  for (const taint of taints) if (effects.has(taint.effect ?? '') && !isTolerated(taint, tolerations)) return taint;
  return undefined;
}
