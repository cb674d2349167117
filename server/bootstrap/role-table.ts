import type { PolicyRule } from '../resources/rbac/roles.ts';

export interface RoleRow {
  readonly name: string;
  /** The aggregate role that takes this one's rules. */
  readonly partOf: string | undefined;
  readonly rules: readonly PolicyRule[];
}

function words(text: string): string[] {
  return text.split(' ').filter((word) => word !== '');
}

function parseRule(line: string): PolicyRule {
  const [verbs = [], second = [], resources, resourceNames] = line.split('|').map(words);
  if (resources === undefined) return { verbs, nonResourceURLs: second };
  const apiGroups = second.map((group) => (group === 'core' ? '' : group));
  return { verbs, apiGroups, resources, ...(resourceNames === undefined ? {} : { resourceNames }) };
}

/** Reads a table: a role's name, then its rules, indented; deeper lines continue a rule. */
export function parseRoleTable(table: string): RoleRow[] {
  const blocks = table
    .replace(/\n {6,}/g, ' ')
    .trim()
    .split(/\n(?=\S)/);
  return blocks.map((block) => {
    const [heading = '', ...lines] = block.split('\n');
    const [name = '', partOf] = heading.split(' > ');
    return { name, partOf, rules: lines.map(parseRule) };
  });
}
