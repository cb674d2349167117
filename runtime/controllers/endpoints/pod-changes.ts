import { semanticEqual } from '../../../api/equal.ts';
import type { Informer } from '../../client/informer.ts';
import { keyOf } from '../../client/object-key.ts';
import { isPodReady } from '../pod-state.ts';
import { hasSelector, type Pod, type Service } from './kinds.ts';

const selectorIndex = 'selectorPair';

type Labels = Readonly<Record<string, string>>;

export function selects(selector: Labels, labels: Labels | undefined): boolean {
  for (const [key, value] of Object.entries(selector)) if (labels?.[key] !== value) return false;
  return true;
}

/** One pair of the selector finds the candidates without looking at every Service of a namespace. */
export function indexServices(services: Informer<Service>): void {
  services.index(selectorIndex, ({ metadata, spec }) => {
    const [pair] = Object.entries(spec?.selector ?? {});
    return pair === undefined ? [] : [JSON.stringify([metadata?.namespace ?? '', ...pair])];
  });
}

/** Keys of the Services that select a pod. */
export function servicesFor(services: Informer<Service>, { metadata }: Readonly<Pod>): Set<string> {
  const found = new Set<string>();
  for (const pair of Object.entries(metadata?.labels ?? {}))
    for (const service of services.by(selectorIndex, JSON.stringify([metadata?.namespace ?? '', ...pair])))
      if (hasSelector(service) && selects(service.spec?.selector ?? {}, metadata?.labels)) found.add(keyOf(service));
  return found;
}

/** It may be another endpoint now. */
function isOtherEndpoint(pod: Readonly<Pod>, old: Readonly<Pod>): boolean {
  if (pod.metadata?.deletionTimestamp !== old.metadata?.deletionTimestamp) return true;
  if (isPodReady(pod) !== isPodReady(old)) return true;
  if (pod.status?.phase !== old.status?.phase) return true;
  return !semanticEqual(pod.status?.podIPs, old.status?.podIPs);
}

function mayBelongElsewhere(pod: Readonly<Pod>, old: Readonly<Pod>): boolean {
  return (
    !semanticEqual(pod.metadata?.labels, old.metadata?.labels) ||
    pod.spec?.hostname !== old.spec?.hostname ||
    pod.spec?.subdomain !== old.spec?.subdomain
  );
}

/** Services that a change of a pod concerns. */
export function concernedServices(
  services: Informer<Service>,
  pod: Readonly<Pod>,
  old: Readonly<Pod>,
): readonly string[] {
  const isOther = isOtherEndpoint(pod, old);
  if (!mayBelongElsewhere(pod, old)) return isOther ? [...servicesFor(services, pod)] : [];
  const now = servicesFor(services, pod);
  const before = servicesFor(services, old);
  if (isOther) return [...new Set([...now, ...before])];
  return [...[...now].filter((key) => !before.has(key)), ...[...before].filter((key) => !now.has(key))];
}

/** Tells `enqueue` of Services whose endpoints may have changed with a pod. */
export function onPodChanges(pods: Informer<Pod>, services: Informer<Service>, enqueue: (key: string) => void): void {
  const each = (pod: Readonly<Pod>): void => {
    for (const key of servicesFor(services, pod)) enqueue(key);
  };
  indexServices(services);
  pods.subscribe({
    added: each,
    deleted: each,
    updated: (pod, old) => {
      for (const key of concernedServices(services, pod, old)) enqueue(key);
    },
  });
}
