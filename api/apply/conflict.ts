import { goQuote } from '../go-text.ts';
import { StatusError } from '../status.ts';
import { pathText } from './field-set.ts';
import { type Manager, managerIdentifier } from './managers.ts';
import type { PathKey } from './path-element.ts';

export interface FieldConflict {
  readonly manager: Manager;
  readonly path: readonly PathKey[];
}

function managerText({ name, subresource, operation, apiVersion }: Manager): string {
  const below = subresource === '' ? '' : ` with subresource ${goQuote(subresource)}`;
  return `${goQuote(name)}${below}${operation === 'Update' ? ` using ${apiVersion}` : ''}`;
}

/** The answer to an apply that would change what others manage. */
export function conflictError(conflicts: readonly FieldConflict[]): StatusError {
  const causes = conflicts.map(({ manager, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${managerText(manager)}`,
    field: pathText(path),
  }));
  return new StatusError('Conflict', conflictMessage(conflicts), { details: { causes } });
}

function conflictMessage(conflicts: readonly FieldConflict[]): string {
  const [first] = conflicts;
  if (conflicts.length === 1 && first !== undefined) {
    const { manager, path } = first;
    return `Apply failed with 1 conflict: conflict with ${managerText(manager)}: ${pathText(path)}`;
  }
  const lines: string[] = [];
  let last: Manager | undefined;
  for (const { manager, path } of conflicts) {
    if (manager !== last) lines.push(`conflicts with ${managerText(manager)}:`);
    last = manager;
    lines.push(`- ${pathText(path)}`);
  }
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
}

export function sortConflicts(conflicts: FieldConflict[]): FieldConflict[] {
  const order = (conflict: FieldConflict) => managerIdentifier(conflict.manager);
  return conflicts.sort((a, b) => (order(a) === order(b) ? 0 : order(a) < order(b) ? -1 : 1));
}
