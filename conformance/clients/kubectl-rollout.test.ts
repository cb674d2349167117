import t from 'tap';
import { checkKubectl, noKubectl } from './kubectl-scripts.ts';

t.test(
  'kubectl rolls out, undoes and restarts as where real controllers run',
  { skip: noKubectl, timeout: 900_000 },
  (t) => checkKubectl(t, ['rollout-deployments', 'rollout-sets', 'volumes'], ['--controllers=*']),
);
