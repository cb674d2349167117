import { type FieldErrors, type FieldPath, invalid, notSupported, required } from '../../../api/field-error.ts';
import { isQualifiedName } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { parseQuantity } from '../../../api/quantity.ts';

type ObjectFieldSelector = Api<'io.k8s.api.core.v1.ObjectFieldSelector'>;
type ResourceFieldSelector = Api<'io.k8s.api.core.v1.ResourceFieldSelector'>;

const labels: ReadonlySet<string> = new Set([
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.restartPolicy',
  'spec.serviceAccountName',
  'spec.schedulerName',
  'status.phase',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]);
const resources = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];
const sizes = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];
const sizeNames: Readonly<Record<string, string>> = {
  memory: 'memory',
  'ephemeral-storage': 'local ephemeral storage',
};

function subscripted(text: string): { readonly path: string; readonly key?: string } {
  const start = text.indexOf("['");
  if (!text.endsWith("']") || start <= 0 || start > text.length - 4) return { path: text };
  return { path: text.slice(0, start), key: text.slice(start + 2, -2) };
}

/** `allowed` are the fields of a pod that may be read here. */
export function validateFieldSelector(
  selector: Readonly<ObjectFieldSelector>,
  allowed: readonly string[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { apiVersion = '', fieldPath = '' } = selector;
  if (apiVersion === '') errors.push(required(path.child('apiVersion')));
  else if (fieldPath === '') errors.push(required(path.child('fieldPath')));
  else {
    const problem = conversionProblem(apiVersion, fieldPath);
    if (problem !== undefined) {
      errors.push(invalid(path.child('fieldPath'), fieldPath, `error converting fieldPath: ${problem}`));
      return;
    }
    const { path: field, key } = subscripted(fieldPath === 'spec.host' ? 'spec.nodeName' : fieldPath);
    if (key === undefined) {
      if (!allowed.includes(field)) errors.push(notSupported(path.child('fieldPath'), field, allowed));
      return;
    }
    const name = field === 'metadata.annotations' ? key.toLowerCase() : key;
    for (const message of isQualifiedName(name)) errors.push(invalid(path, name, message));
  }
}

function conversionProblem(apiVersion: string, label: string): string | undefined {
  if (apiVersion !== 'v1') return `unsupported pod version: ${apiVersion}`;
  const { path, key } = subscripted(label);
  if (key !== undefined) {
    const allowed = path === 'metadata.annotations' || path === 'metadata.labels';
    return allowed ? undefined : `field label does not support subscript: ${label}`;
  }
  return labels.has(label) || label === 'spec.host' ? undefined : `field label not supported: ${label}`;
}

/** In a volume the selector must name its container. */
export function validateResourceFieldSelector(
  selector: Readonly<ResourceFieldSelector>,
  inVolume: boolean,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { containerName = '', resource = '' } = selector;
  const hugePages = /^(?:requests|limits)\.hugepages-/.test(resource);
  if (inVolume && containerName === '') errors.push(required(path.child('containerName')));
  else if (resource === '') errors.push(required(path.child('resource')));
  else if (!resources.includes(resource) && !hugePages) {
    errors.push(notSupported(path.child('resource'), resource, resources));
  }
  const divisor = selector.divisor === undefined ? undefined : parseQuantity(String(selector.divisor));
  if (divisor === undefined || divisor.isZero()) return;
  const problem = divisorProblem(resource, divisor.toString(), hugePages);
  if (problem !== undefined) errors.push(invalid(path.child('divisor'), resource, problem));
}

function divisorProblem(resource: string, divisor: string, hugePages: boolean): string | undefined {
  if (resource === 'limits.cpu' || resource === 'requests.cpu') {
    if (divisor === '1m' || divisor === '1') return undefined;
    return "only divisor's values 1m and 1 are supported with the cpu resource";
  }
  const name = hugePages
    ? 'hugepages'
    : resources.includes(resource)
      ? sizeNames[resource.slice(resource.indexOf('.') + 1)]
      : undefined;
  if (name === undefined || sizes.includes(divisor)) return undefined;
  return `only divisor's values ${sizes.join(', ')} are supported with the ${name} resource`;
}
