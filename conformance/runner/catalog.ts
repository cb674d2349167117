import { resourceCases } from '../cases/api/resource-cases.ts';
import type { Case } from './case.ts';

/** Every case there is. A new file of cases is one line here. */
export function allCases(): Case[] {
  return [...resourceCases()];
}
