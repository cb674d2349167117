import { parseQuantity } from '../../../api/quantity.ts';
import type { Container, Pod } from '../pod-runtime.ts';

export interface ResourceField {
  readonly containerName?: string | undefined;
  readonly resource?: string | undefined;
  readonly divisor?: string | undefined;
}

type Amounts = Readonly<Record<string, string>>;

/** Limits that a container does not set are the pod's, or the node's. */
const limitedByNode = ['cpu', 'memory', 'ephemeral-storage'];

function isSet(amount: string | undefined): amount is string {
  return amount !== undefined && !parseQuantity(amount).isZero();
}

/** What a container may have of a resource at most, where it does not say so itself. */
export function defaultLimits(pod: Readonly<Pod>, allocatable: Amounts): Amounts {
  const whole = pod.spec?.resources?.limits ?? {};
  const limits: Record<string, string> = {};
  for (const name of limitedByNode) {
    const known = allocatable[name];
    if (known === undefined) continue;
    const ofPod = name === 'ephemeral-storage' ? undefined : whole[name];
    limits[name] = isSet(ofPod) ? ofPod : known;
  }
  return limits;
}

function ceiling(amount: bigint, divisor: bigint): string {
  return divisor === 0n ? '0' : String((amount + divisor - 1n) / divisor);
}

/** The whole number that a resource field stands for. Throws when there is no such container or resource. */
export function resourceField(
  pod: Readonly<Pod>,
  { containerName = '', resource = '', divisor = '0' }: ResourceField,
  limits: Amounts,
  own?: Container,
): string {
  const { containers = [], initContainers = [] } = pod.spec ?? {};
  const container =
    containerName === '' ? own : [...containers, ...initContainers].find(({ name }) => name === containerName);
  if (container === undefined) throw new Error(`container ${containerName} not found`);
  const [, list, name = ''] = /^(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-.+)$/.exec(resource) ?? [];
  if (list === undefined) throw new Error(`unsupported container resource : ${resource}`);
  const amounts: Amounts = container.resources?.[list as 'limits' | 'requests'] ?? {};
  const amount = parseQuantity(
    list === 'limits' && !isSet(amounts[name]) ? (limits[name] ?? '0') : (amounts[name] ?? '0'),
  );
  const unit = parseQuantity(isSet(divisor) ? divisor : '1');
  if (name === 'cpu') return ceiling(amount.milliValue(), unit.milliValue());
  return ceiling(amount.value(), unit.value());
}
