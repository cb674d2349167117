import t from 'tap';
import { checkKubectl, noKubectl } from './kubectl-scripts.ts';

t.test('kubectl changes objects as it changes them on a real API server', { skip: noKubectl, timeout: 900_000 }, (t) =>
  checkKubectl(t, ['apply', 'change', 'create', 'delete', 'nodes']),
);
