import { join } from 'node:path';
import t from 'tap';
import { checkScripts } from './check-scripts.ts';
import { findAllPrograms, findProgram } from './programs.ts';
import { startServer } from './server.ts';

const folder = join(import.meta.dirname, '..', 'cases', 'helm');
const all = process.env['KUBEFACADE_KUBECTL_ALL'] === '1';
const [kubectl, first] = [await findProgram('kubectl'), await findProgram('helm')];
const found = kubectl !== undefined && first !== undefined;
const skip = !found && 'helm and kubectl are not at hand, and not to be had from npm packages';

t.test(
  'Helm installs, upgrades, rolls back and uninstalls as on a real API server',
  { skip, timeout: 900_000 },
  async (t) => {
    if (!found) return;
    await using server = await startServer();
    for (const program of all ? await findAllPrograms('helm') : [first])
      await checkScripts(t, folder, [program, kubectl], server.kubeconfig);
  },
);
