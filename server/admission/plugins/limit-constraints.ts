import type { Api } from '../../../api/object.ts';
import { compareQuantity, parseQuantity } from '../../../api/quantity.ts';

type PodSpec = Api<'io.k8s.api.core.v1.PodSpec'>;

/** Quantities by resource, as decoded. */
export type Amounts = Record<string, string>;

interface Constraint {
  readonly type: string;
  readonly name: string;
  readonly bound: string;
}

/** Above this a quantity has no thousandths in 64 bits, and whole numbers are compared. */
const maxMilliValue = (2n ** 63n - 1n) / 1000n;

/** All in thousandths, or all in whole numbers where one is too large for them. */
function comparable(...amounts: (string | undefined)[]): bigint[] {
  const parsed = amounts.map((amount) => parseQuantity(amount ?? '0'));
  const inMilli = parsed.every((quantity) => quantity.value() <= maxMilliValue);
  return parsed.map((quantity) => (inMilli ? quantity.milliValue() : quantity.value()));
}

export function minProblem({ type, name, bound }: Constraint, request?: string, limit?: string): string | undefined {
  const [asked = 0n, limited = 0n, least = 0n] = comparable(request, limit, bound);
  const rule = `minimum ${name} usage per ${type} is ${bound}`;
  if (request === undefined) return `${rule}.  No request is specified`;
  if (asked < least) return `${rule}, but request is ${request}`;
  return limit !== undefined && limited < least ? `${rule}, but limit is ${limit}` : undefined;
}

export function maxProblem({ type, name, bound }: Constraint, request?: string, limit?: string): string | undefined {
  const [asked = 0n, limited = 0n, most = 0n] = comparable(request, limit, bound);
  const rule = `maximum ${name} usage per ${type} is ${bound}`;
  if (limit === undefined) return `${rule}.  No limit is specified`;
  if (limited > most) return `${rule}, but limit is ${limit}`;
  return request !== undefined && asked > most ? `${rule}, but request is ${request}` : undefined;
}

export function maxRequestProblem({ type, name, bound }: Constraint, request?: string): string | undefined {
  const [asked = 0n, most = 0n] = comparable(request, bound);
  const rule = `maximum ${name} usage per ${type} is ${bound}`;
  if (request === undefined) return `${rule}.  No request is specified`;
  return asked > most ? `${rule}, but request is ${request}` : undefined;
}

export function ratioProblem({ type, name, bound }: Constraint, request?: string, limit?: string): string | undefined {
  const [asked = 0n, limited = 0n] = comparable(request, limit, bound);
  const rule = `${name} max limit to request ratio per ${type} is ${bound}`;
  if (request === undefined || asked === 0n) return `${rule}, but no request is specified or request is 0`;
  if (limit === undefined || limited === 0n) return `${rule}, but no limit is specified or limit is 0`;
  const ratio = Number(limited) / Number(asked);
  const most = Number(parseQuantity(bound).milliValue()) / 1000;
  return ratio > most ? `${rule}, but provided ratio is ${ratio.toFixed(6)}` : undefined;
}

function add(total: Amounts, list: object | undefined): void {
  const amounts = (list ?? {}) as Amounts;
  for (const name in amounts) {
    const [present, more = '0'] = [total[name], amounts[name]];
    total[name] = present === undefined ? more : parseQuantity(present).add(parseQuantity(more)).toString();
  }
}

function raise(total: Amounts, list: Amounts): void {
  for (const name in list) {
    const [present, other = '0'] = [total[name], list[name]];
    if (present === undefined || compareQuantity(other, present) > 0) total[name] = other;
  }
}

/** What a pod takes as a whole: containers and sidecars together, or its largest init container, or what it says itself. */
export function podAmounts(spec: Readonly<PodSpec>, list: 'requests' | 'limits'): Amounts {
  const total: Amounts = {};
  const sidecars: Amounts = {};
  const init: Amounts = {};
  for (const { resources } of spec.containers ?? []) add(total, resources?.[list]);
  for (const { resources, restartPolicy } of spec.initContainers ?? []) {
    const needed: Amounts = { ...sidecars };
    add(needed, resources?.[list]);
    if (restartPolicy === 'Always') {
      add(total, resources?.[list]);
      add(sidecars, resources?.[list]);
    }
    raise(init, needed);
  }
  raise(total, init);
  const own = (spec.resources?.[list] ?? {}) as Amounts;
  for (const name of ['cpu', 'memory']) if (own[name] !== undefined) total[name] = own[name];
  return total;
}
