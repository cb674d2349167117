import t from 'tap';
import { checkKubectl, noKubectl } from './kubectl-scripts.ts';

t.test('kubectl shows what it shows of a real API server', { skip: noKubectl, timeout: 900_000 }, (t) =>
  checkKubectl(t, ['access', 'describe', 'discovery', 'output']),
);
