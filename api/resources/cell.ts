import type { Api, KubeObject, LabelSelector } from '../object.ts';
import { canonicalQuantity } from '../quantity.ts';
import { labelSelectorMatcher } from '../selectors.ts';
import { StatusError } from '../status.ts';
import { humanDuration } from './human-duration.ts';

export interface PrintContext {
  /** Milliseconds since the epoch: ages count from here. */
  readonly now: number;
}

export type Cell<T> = (object: T, context: PrintContext) => unknown;
/** One function per column, in the columns' order. */
export type Cells = readonly Cell<KubeObject>[];
export type CellTable = Readonly<Record<string, Cells>>;

/** The cells of one kind; the table that holds all kinds knows only KubeObject. */
export function cellsOf<T extends KubeObject>(...cells: readonly Cell<T>[]): Cells {
  return cells as readonly Cell<never>[] as Cells;
}

export const name: Cell<KubeObject> = ({ metadata }) => metadata?.name ?? '';
export const age: Cell<KubeObject> = ({ metadata }, context) => since(metadata?.creationTimestamp, context);

/** Zero times come as null in answers to clients, as nothing in stored objects. */
export function since(time: string | null | undefined, { now }: PrintContext): string {
  return time ? humanDuration(now - Date.parse(time)) : '<unknown>';
}

type StringMap = Readonly<Record<string, string>> | undefined;

export function labelText(labels: StringMap): string {
  const entries = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return entries.length === 0 ? '<none>' : entries.sort().join(',');
}

/** A selector as text, or `invalid` in its place when it does not parse. */
export function selectorText(selector: LabelSelector | undefined, invalid: string): string {
  try {
    return labelSelectorMatcher(selector).toString();
  } catch (error) {
    if (error instanceof StatusError) return invalid;
    throw error;
  }
}

export function selectorOrNone(selector: LabelSelector | undefined): string {
  return selectorText(selector, '<error>') || '<none>';
}

type PodSpec = Api<'io.k8s.api.core.v1.PodSpec'> | undefined;

export function containerNames(spec: PodSpec): string {
  return (spec?.containers ?? []).map((container) => container.name ?? '').join(',');
}

export function containerImages(spec: PodSpec): string {
  return (spec?.containers ?? []).map((container) => container.image ?? '').join(',');
}

/** The first three, and how many more there are. */
export function firstThree(items: readonly string[], empty: string): string {
  if (items.length <= 3) return items.join(',') || empty;
  return `${items.slice(0, 3).join(',')} + ${items.length - 3} more...`;
}

export function joinOr(items: readonly string[] | undefined, none: string): string {
  return items === undefined || items.length === 0 ? none : items.join(',');
}

const accessModes: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

export function accessModeText(modes: readonly string[] | undefined): string {
  return Object.entries(accessModes)
    .filter(([mode]) => modes?.includes(mode))
    .map(([, short]) => short)
    .join(',');
}

export function quantityText(quantity: string | undefined): string {
  return quantity === undefined ? '0' : canonicalQuantity(quantity);
}

interface Condition {
  readonly type?: string;
  readonly status?: string;
}

export function findCondition<T extends Condition>(conditions: readonly T[] | undefined, type: string): T | undefined {
  return conditions?.find((condition) => condition.type === type);
}

export function isTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
}

/** Addresses of a load balancer, without repetition. */
export function ingressAddresses(
  ingress: readonly { readonly ip?: string; readonly hostname?: string }[] | undefined,
): string[] {
  return [
    ...new Set((ingress ?? []).map(({ ip, hostname }) => ip || hostname || '').filter((text) => text !== '')),
  ].sort();
}
