import type { ResourceList } from './pod-types.ts';

/** Decoding made every quantity canonical text; the generated types allow for numbers still. */
export function quantities(list: Readonly<Record<string, string | number>>): ResourceList;
export function quantities(list: Readonly<Record<string, string | number>> | undefined): ResourceList | undefined;
export function quantities(list: Readonly<Record<string, string | number>> | undefined): ResourceList | undefined {
  return list as ResourceList | undefined;
}
