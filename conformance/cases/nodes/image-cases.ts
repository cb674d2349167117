import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { agnhost, busybox, ofContainer, patiently, runPod, shell } from './running-pod.ts';

const needs = ['programs'] as const;

const ended = (name: string) => (status: Parameters<typeof ofContainer>[0]) =>
  ofContainer(status, name)?.state.terminated !== undefined;

function host(name: string, more: object): object {
  return { name, image: agnhost, imagePullPolicy: 'IfNotPresent', ...more };
}

/** What schedulers prefer a node for. */
async function told(c: CaseContext): Promise<void> {
  const pod = await runPod(c, { restartPolicy: 'Never', containers: [shell('c', 'exit 0')] });
  await pod.until('it has ended', ended('c'));
  const { body } = await c.get(pod.path, { unstable: true });
  const { nodeName } = (body as { readonly spec: { readonly nodeName: string } }).spec;
  interface Image {
    readonly names: readonly string[];
    readonly sizeBytes: number;
  }
  let images: readonly Image[] = [];
  await patiently(c, 'the node has the image', async () => {
    const node = (await c.get(`/api/v1/nodes/${nodeName}`, { unstable: true })).body;
    images = (node as { readonly status: { readonly images?: readonly Image[] } }).status.images ?? [];
    return images.some(({ names }) => names.includes(busybox));
  });
  const sizes = images.map(({ sizeBytes }) => sizeBytes);
  c.equal(
    sizes,
    sizes.toSorted((a, b) => b - a),
    'the largest comes first',
  );
  c.ok(images.length <= 50, 'no more than fifty');
}

async function logOf(c: CaseContext, path: string, container: string): Promise<string> {
  const { body } = await c.get(`${path}/log?container=${container}`, { unstable: true });
  return String(body);
}

/** Which words an image's entrypoint and command give way to. */
async function words(c: CaseContext): Promise<void> {
  const rows = [
    ['args', { args: ['entrypoint-tester', 'a'] }, '[/agnhost entrypoint-tester a]\n'],
    ['command', { command: ['/agnhost', 'entrypoint-tester'] }, '[/agnhost entrypoint-tester]\n'],
    ['both', { command: ['/agnhost'], args: ['entrypoint-tester', 'b'] }, '[/agnhost entrypoint-tester b]\n'],
  ] as const;
  const containers = rows.map(([name, more]) => host(name, more));
  const pod = await runPod(c, { restartPolicy: 'Never', containers });
  for (const [name, , text] of rows) {
    await pod.until(`${name} has ended`, ended(name));
    c.equal(await logOf(c, pod.path, name), text, name);
  }
}

async function missingPrograms(c: CaseContext): Promise<void> {
  const begin =
    'failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: ';
  const rows = [
    ['name', 'nosuch', '"nosuch": executable file not found in $PATH: unknown'],
    ['path', '/bin/nosuch', '"/bin/nosuch": stat /bin/nosuch: no such file or directory: unknown'],
    ['folder', '/etc', '"/etc": permission denied: unknown'],
  ] as const;
  const containers = rows.map(([name, command]) => ({ name, image: busybox, command: [command] }));
  const pod = await runPod(c, { restartPolicy: 'Never', containers });
  for (const [name, , text] of rows) {
    const status = await pod.until(`${name} has not started`, ended(name));
    const { exitCode, reason, message } = ofContainer(status, name)?.state.terminated ?? {};
    c.equal([exitCode, reason, message], [128, 'StartError', begin + text], name);
  }
}

async function mounttest(c: CaseContext): Promise<void> {
  const args = [
    'mounttest',
    '--fs_type=/v',
    '--new_file_0660=/v/f',
    '--file_perm=/v/f',
    '--file_mode=/v',
    '--file_content=/v/none',
  ];
  const volumeMounts = [{ name: 'v', mountPath: '/v' }];
  const pod = await runPod(c, {
    restartPolicy: 'Never',
    volumes: [{ name: 'v', emptyDir: { medium: 'Memory' } }],
    containers: [host('c', { args, volumeMounts })],
  });
  await pod.until('it has ended', ended('c'));
  const lines = [
    'mount type of "/v": tmpfs',
    'content of file "/v/f": mount-tester new file\n',
    'mode of file "/v": dtrwxrwxrwx',
    'perms of file "/v/f": -rw-rw----',
    'error reading file content for "/v/none": open /v/none: no such file or directory\n',
  ];
  c.equal(await logOf(c, pod.path, 'c'), lines.join('\n'), 'what it saw');
}

/** A server of the pod asks itself. */
async function netexec(c: CaseContext): Promise<void> {
  const questions = [
    'hostname',
    'echo?msg=hi',
    'dial?host=127.0.0.1&port=8080&request=hostname&tries=2',
    'dial?host=127.0.0.1&port=8081&request=hostname&protocol=udp',
    'dial?host=127.0.0.1&port=1&request=hostname',
    'shell?cmd=echo+hi',
  ];
  const asking = questions.map((path) => `wget -qO- 'http://127.0.0.1:8080/${path}'; echo`).join('; ');
  const client = { name: 'client', image: busybox, command: ['sh', '-c', `sleep 2; ${asking}`] };
  const pod = await runPod(
    c,
    { restartPolicy: 'Never', containers: [host('server', { args: ['netexec'] }), client] },
    { name: 'asked' },
  );
  await pod.until('all is asked', ended('client'));
  const refused = 'Get "http://127.0.0.1:1/hostname": dial tcp 127.0.0.1:1: connect: connection refused';
  const answers = [
    'asked',
    'hi',
    '{"responses":["asked","asked"]}',
    '{"responses":["asked"]}',
    JSON.stringify({ errors: [refused] }),
    '{"output":"hi\\n"}',
  ];
  c.equal((await logOf(c, pod.path, 'client')).trim().split('\n'), answers, 'answers');
}

export const imageCases: readonly Case[] = [
  { id: 'nodes/images/are told with their node', needs: [...needs, 'scheduler'], run: told },
  { id: 'nodes/images/give way to command and arguments', needs, run: words },
  { id: 'nodes/images/whose program is missing do not start', needs, run: missingPrograms },
  { id: 'nodes/images/agnhost mounttest tells of files', needs, run: mounttest },
  { id: 'nodes/images/agnhost netexec answers', needs, run: netexec },
];
