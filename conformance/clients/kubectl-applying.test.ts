import t from 'tap';
import { checkKubectl, noKubectl } from './kubectl-scripts.ts';

t.test(
  'kubectl applies as on a real API server, and leaves the same objects with the same managers',
  { skip: noKubectl, timeout: 900_000 },
  (t) => checkKubectl(t, ['apply-diff', 'apply-mixed', 'apply-server', 'custom-resources']),
);
