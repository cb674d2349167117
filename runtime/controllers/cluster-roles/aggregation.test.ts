import t from 'tap';
import { aggregatedRules } from './aggregation.ts';

await t.test('an aggregated role has each rule of those it selects once, in the order of their names', async (t) => {
  const rule = (name: string) => ({ verbs: ['get'], apiGroups: [''], resources: [name] });
  const role = (name: string, labels: Record<string, string>, ...resources: string[]) => ({
    metadata: { name, labels },
    rules: resources.map(rule),
  });
  const selecting = (label: string): { matchLabels: Record<string, string> } => ({ matchLabels: { [label]: 'true' } });
  const view = {
    metadata: { name: 'view', labels: { edit: 'true', view: 'true' } },
    aggregationRule: { clusterRoleSelectors: [selecting('view'), selecting('more')] },
    rules: [rule('old')],
  };
  const roles = [
    role('z', { view: 'true' }, 'pods', 'nodes'),
    role('a', { view: 'true' }, 'services', 'pods'),
    role('m', { more: 'true' }, 'nodes', 'events'),
    role('n', {}, 'secrets'),
    view,
  ];
  t.same(
    aggregatedRules(view, roles).map(({ resources }) => resources?.[0]),
    ['services', 'pods', 'nodes', 'events'],
  );
});
