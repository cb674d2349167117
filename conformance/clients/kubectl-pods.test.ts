import t from 'tap';
import { checkKubectl, noKubectl } from './kubectl-scripts.ts';

t.test('kubectl reaches pods as where a real kubelet runs them', { skip: noKubectl, timeout: 900_000 }, (t) =>
  checkKubectl(t, ['pods-that-run'], ['--controllers=*', '--nodes=2']),
);
