import { semanticEqual } from '../equal.ts';
import type { Api, KubeObject } from '../object.ts';
import { compareQuantity, parseQuantity, Quantity } from '../quantity.ts';
import type { Amounts } from './amounts.ts';
import { matchesScopeValue, type QuotaEvaluator } from './evaluator.ts';

type Claim = Readonly<Api<'io.k8s.api.core.v1.PersistentVolumeClaim'>>;

const ofClass = '.storageclass.storage.k8s.io/';
const counted = ['persistentvolumeclaims', 'requests.storage'];

export const claimEvaluator: QuotaEvaluator = {
  handles: ({ operation, subresource, object = {}, oldObject = {} }) =>
    subresource === ''
      ? operation === 'CREATE' || operation === 'UPDATE'
      : subresource === 'status' && mayChangeUsage(object, oldObject),
  resourcesAmong: (names) =>
    names.filter(
      (name) =>
        name === 'count/persistentvolumeclaims' || counted.some((one) => name === one || name.endsWith(ofClass + one)),
    ),
  isInScope(selector, claim) {
    if (selector.scopeName !== 'VolumeAttributesClass') return false;
    const classes = attributesClasses(claim);
    if (classes.length === 0) return selector.operator !== 'Exists' && matchesScopeValue(selector, '');
    return classes.some((name) => matchesScopeValue(selector, name));
  },
  usage(claim: Claim) {
    const used: Record<string, string> = { persistentvolumeclaims: '1', 'count/persistentvolumeclaims': '1' };
    const className =
      claim.metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? claim.spec?.storageClassName ?? '';
    const storage = storageOf(claim);
    if (storage !== undefined) used['requests.storage'] = storage;
    if (className === '') return used;
    used[`${className}${ofClass}persistentvolumeclaims`] = '1';
    if (storage !== undefined) used[`${className}${ofClass}requests.storage`] = storage;
    return used;
  },
};

/** Whole bytes; while a claim grows, what is already set aside. */
function storageOf({ spec, status }: Claim): string | undefined {
  const asked = ((spec?.resources?.requests ?? {}) as Amounts)['storage'];
  if (asked === undefined) return undefined;
  const allocated = ((status?.allocatedResources ?? {}) as Amounts)['storage'] ?? '0';
  return wholeBytes(compareQuantity(allocated, asked) > 0 ? allocated : asked);
}

function wholeBytes(text: string): string {
  const quantity = parseQuantity(text);
  const whole = Quantity.of(quantity.value(), quantity.format);
  return quantity.compare(whole) === 0 ? text : whole.toString();
}

function attributesClasses({ spec, status }: Claim): string[] {
  const names = [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return [...new Set(names.flatMap((name) => (name === undefined || name === '' ? [] : [name])))].sort();
}

function mayChangeUsage(claim: Readonly<KubeObject>, old: Readonly<KubeObject>): boolean {
  const [now, before]: Claim[] = [claim, old];
  if (!semanticEqual(now?.status?.allocatedResources, before?.status?.allocatedResources)) return true;
  return !semanticEqual(attributesClasses(claim), attributesClasses(old));
}
